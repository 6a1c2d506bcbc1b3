"""A tenant's accounts at payment providers."""

from __future__ import annotations

from django.db import models

from apps.platform.models.rows import Identified


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
