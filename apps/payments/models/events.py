"""Facts about payments, append-only."""

from __future__ import annotations

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models

from apps.payments.domain.merging import EventKind
from apps.payments.models.accounts import ProviderAccount
from apps.payments.models.attempts import Attempt
from apps.payments.models.callbacks import Callback
from apps.payments.models.intents import PaymentIntent
from apps.platform.models.rows import Identified, choices

SOURCES = ["answer", "callback", "query", "statement", "operator", "system"]


class PaymentEvent(Identified):
    """One fact. Rows are never changed or removed; the database refuses it.

    ``amount_minor`` is what the provider says moved; ``booked_minor`` is what this event added to
    the clearing or float account (0 when the fact was known already), ``fee_minor`` what the
    provider kept of that, and ``journal`` the entry that did it. ``is_effective`` is false when
    the fact had been overtaken before it arrived.
    """

    provider_account = models.ForeignKey(
        ProviderAccount, models.PROTECT, null=True, related_name="events"
    )
    intent = models.ForeignKey(PaymentIntent, models.PROTECT, null=True, related_name="events")
    attempt = models.ForeignKey(Attempt, models.PROTECT, null=True, related_name="events")
    payout_ref = models.UUIDField(null=True)
    kind = models.CharField(max_length=20, choices=choices(EventKind))
    facet = models.CharField(max_length=60)
    rank = models.PositiveSmallIntegerField()
    amount_minor = models.BigIntegerField(default=0)
    booked_minor = models.BigIntegerField(default=0)
    fee_minor = models.BigIntegerField(default=0)
    fee_expected_minor = models.BigIntegerField(default=0)
    currency = models.CharField(max_length=3)
    provider_reference = models.CharField(max_length=64, blank=True)
    provider_time = models.DateTimeField(null=True)
    received_at = models.DateTimeField()
    source = models.CharField(max_length=20, choices=[(value, value) for value in SOURCES])
    callback = models.ForeignKey(Callback, models.PROTECT, null=True, related_name="events")
    dedupe = models.CharField(max_length=200)
    is_effective = models.BooleanField()
    journal = models.ForeignKey(
        "ledger.JournalEntry", models.PROTECT, null=True, related_name="+", db_index=False
    )
    data = models.JSONField(default=dict, encoder=DjangoJSONEncoder)

    class Meta(Identified.Meta):
        db_table = "payments_payment_event"
        ordering = ["received_at", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["provider_account", "dedupe"],
                name="payments_payment_event_dedupe_once",
                nulls_distinct=False,
            ),
            models.UniqueConstraint(
                fields=["provider_account", "provider_reference"],
                condition=models.Q(kind=EventKind.SUCCEEDED.value) & ~models.Q(booked_minor=0),
                name="payments_payment_event_receipt_credited_once",
            ),
            models.CheckConstraint(
                name="payments_payment_event_money_has_journal",
                condition=(
                    models.Q(booked_minor=0, journal__isnull=True)
                    | (~models.Q(booked_minor=0) & models.Q(journal__isnull=False))
                ),
            ),
            models.CheckConstraint(
                name="payments_payment_event_kind_known",
                condition=models.Q(kind__in=[kind.value for kind in EventKind]),
            ),
            models.CheckConstraint(
                name="payments_payment_event_source_known",
                condition=models.Q(source__in=SOURCES),
            ),
        ]
        indexes = [
            models.Index(fields=["payout_ref"], name="payments_event_payout"),
            models.Index(fields=["provider_reference"], name="payments_event_reference"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.dedupe}"
