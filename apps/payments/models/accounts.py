"""A tenant's accounts at payment providers."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from apps.payments.domain.states import Operation
from apps.platform.models.rows import Identified, choices


class ProviderAccount(Identified):
    """One account at one provider, and the ledger account that mirrors it (``clearing_account``).

    ``label`` names it for ever: events, batches and statements carry it. Credentials are not here:
    ``secrets_ref`` is the path under which the secrets provider keeps them. ``config`` is checked
    by the connector when it is written.
    """

    label = models.SlugField(max_length=40)
    name = models.CharField(max_length=100)
    connector = models.CharField(max_length=40)
    environment = models.CharField(
        max_length=20,
        choices=[("simulator", "Simulator"), ("sandbox", "Sandbox"), ("live", "Live")],
    )
    config = models.JSONField(default=dict)
    secrets_ref = models.CharField(max_length=200)
    currency = models.CharField(max_length=3)
    clearing_account = models.CharField(max_length=64)
    fee_account = models.CharField(max_length=64)
    suspense_account = models.CharField(max_length=64)
    status = models.CharField(
        max_length=20,
        choices=[("active", "Active"), ("paused", "Paused")],
        default="active",
    )
    opened_at = models.DateTimeField()
    disputes_hint_at = models.DateTimeField(null=True)  # a dispute moved: they are to be read

    class Meta(Identified.Meta):
        db_table = "payments_provider_account"
        ordering = ["label"]
        constraints = [
            models.UniqueConstraint(fields=["label"], name="payments_provider_account_label_once"),
            models.CheckConstraint(
                name="payments_provider_account_environment_known",
                condition=models.Q(environment__in=["simulator", "sandbox", "live"]),
            ),
            models.CheckConstraint(
                name="payments_provider_account_status_known",
                condition=models.Q(status__in=["active", "paused"]),
            ),
        ]

    def __str__(self) -> str:
        return self.name


class ProviderStop(Identified):
    """A time in which people let nothing leave for one operation of a provider account.

    Written by hand, ended by hand; neither is changed afterwards. What waits stays queued, and what
    has left is asked about as always.
    """

    provider_account = models.ForeignKey(ProviderAccount, models.PROTECT, related_name="stops")
    operation = models.CharField(max_length=20, choices=choices(Operation))
    reason = models.CharField(max_length=300)
    stopped_by = models.CharField(max_length=221)
    stopped_at = models.DateTimeField()
    ended_by = models.CharField(max_length=221, blank=True)
    ended_at = models.DateTimeField(null=True)

    class Meta(Identified.Meta):
        db_table = "payments_provider_stop"
        ordering = ["-stopped_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["provider_account", "operation"],
                condition=Q(ended_at=None),
                name="payments_provider_stop_one_at_a_time",
            ),
            models.CheckConstraint(
                name="payments_provider_stop_has_reason", condition=~Q(reason="")
            ),
            models.CheckConstraint(
                name="payments_provider_stop_ended_by_somebody",
                condition=Q(ended_at=None, ended_by="")
                | (Q(ended_at__isnull=False) & ~Q(ended_by="")),
            ),
        ]

    def __str__(self) -> str:
        return self.reason
