"""Money that goes back to payers: asked for by one person, agreed to by another."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from apps.payments.domain.refunds import RefundStatus
from apps.payments.models.attempts import Attempt
from apps.payments.models.intents import PaymentIntent
from apps.platform.models.rows import Identified, choices


class Refund(Identified):
    """Part or all of what one purchase or capture (``parent``) brought, to be given back.

    ``allocation`` names who bears it, as legs that add up to the amount. Once approved it is taken
    from them (``journal``) and stands on the account for refunds until the provider has paid it by
    ``attempt``. Whoever asked may withdraw it (reject it), but not approve it.
    """

    intent = models.ForeignKey(PaymentIntent, models.PROTECT, related_name="refunds")
    parent = models.ForeignKey(Attempt, models.PROTECT, related_name="refunds")
    attempt = models.OneToOneField(Attempt, models.PROTECT, null=True, related_name="refund")
    amount_minor = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    allocation = models.JSONField()
    reason = models.CharField(max_length=200)
    status = models.CharField(
        max_length=20, choices=choices(RefundStatus), default=RefundStatus.AWAITING_APPROVAL
    )
    asked_by = models.CharField(max_length=250)
    asked_at = models.DateTimeField()
    decided_by = models.CharField(max_length=250, blank=True)
    decided_at = models.DateTimeField(null=True)
    note = models.CharField(max_length=300, blank=True)
    journal = models.ForeignKey(
        "ledger.JournalEntry", models.PROTECT, null=True, related_name="+", db_index=False
    )
    idempotency_key = models.CharField(max_length=255)
    fingerprint = models.BinaryField(max_length=32)

    class Meta(Identified.Meta):
        db_table = "payments_refund"
        ordering = ["-asked_at", "-id"]
        constraints = [
            models.UniqueConstraint(fields=["idempotency_key"], name="payments_refund_key_once"),
            models.CheckConstraint(
                name="payments_refund_amount_positive", condition=Q(amount_minor__gt=0)
            ),
            models.CheckConstraint(name="payments_refund_has_reason", condition=~Q(reason="")),
            models.CheckConstraint(
                name="payments_refund_status_known",
                condition=Q(status__in=[status.value for status in RefundStatus]),
            ),
            models.CheckConstraint(
                name="payments_refund_four_eyes",
                condition=Q(status="rejected") | ~Q(decided_by=F("asked_by")),
            ),
            models.CheckConstraint(
                name="payments_refund_decided_by_somebody",
                condition=Q(status="awaiting_approval", decided_by="", decided_at=None)
                | (
                    ~Q(status="awaiting_approval") & ~Q(decided_by="") & Q(decided_at__isnull=False)
                ),
            ),
        ]
        indexes = [
            models.Index(fields=["asked_at", "id"], name="payments_refund_paging"),
            models.Index(
                fields=["asked_at"],
                condition=Q(status="awaiting_approval"),
                name="payments_refund_waiting",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.amount_minor} {self.currency}: {self.reason}"
