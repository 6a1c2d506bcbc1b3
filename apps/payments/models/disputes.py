"""Payments that a payer's bank or the provider wants undone."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from apps.payments.domain.disputes import DISPUTE_ENDS, DisputeStage, DisputeStatus
from apps.payments.models.accounts import ProviderAccount
from apps.payments.models.attempts import Attempt
from apps.payments.models.intents import PaymentIntent
from apps.platform.models.rows import Identified, choices

_ENDS = sorted(status.value for status in DISPUTE_ENDS)


class Dispute(Identified):
    """One dispute, as its provider last told it. ``updated_at`` is the provider's time of that.

    What it took and gave back are events of the intent; the amounts here are their sums in minor
    units; ``lost_minor`` is what was taken out of the reserve as a loss. ``due_by`` is when
    evidence must have been handed in, ``answer`` what people decided; it leaves when
    ``answer_due_at`` comes.
    """

    provider_account = models.ForeignKey(ProviderAccount, models.PROTECT, related_name="disputes")
    intent = models.ForeignKey(PaymentIntent, models.PROTECT, related_name="disputes")
    attempt = models.ForeignKey(Attempt, models.PROTECT, related_name="disputes")
    reference = models.CharField(max_length=64)
    refs = models.JSONField(default=dict)
    stage = models.CharField(max_length=20, choices=choices(DisputeStage))
    status = models.CharField(max_length=20, choices=choices(DisputeStatus))
    reason = models.CharField(max_length=100, blank=True)
    amount_minor = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    withdrawn_minor = models.BigIntegerField(default=0)
    fee_minor = models.BigIntegerField(default=0)
    lost_minor = models.BigIntegerField(default=0)
    opened_at = models.DateTimeField()
    due_by = models.DateTimeField(null=True)
    warned_at = models.DateTimeField(null=True)
    updated_at = models.DateTimeField()
    answer = models.CharField(
        max_length=10, blank=True, choices=[("evidence", "Evidence"), ("accept", "Accept")]
    )
    answer_text = models.TextField(blank=True)
    answered_by = models.CharField(max_length=250, blank=True)
    answered_at = models.DateTimeField(null=True)
    answer_due_at = models.DateTimeField(null=True)  # when the answer is to be sent
    answer_problem = models.CharField(max_length=300, blank=True)

    class Meta(Identified.Meta):
        db_table = "payments_dispute"
        ordering = ["due_by", "opened_at", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["provider_account", "reference"], name="payments_dispute_reference_once"
            ),
            models.CheckConstraint(
                name="payments_dispute_amount_positive", condition=Q(amount_minor__gt=0)
            ),
            models.CheckConstraint(
                name="payments_dispute_status_known",
                condition=Q(status__in=[status.value for status in DisputeStatus]),
            ),
            models.CheckConstraint(
                name="payments_dispute_stage_known",
                condition=Q(stage__in=[stage.value for stage in DisputeStage]),
            ),
        ]
        indexes = [
            models.Index(fields=["opened_at", "id"], name="payments_dispute_paging"),
            models.Index(
                fields=["due_by"], condition=~Q(status__in=_ENDS), name="payments_dispute_open"
            ),
        ]

    def __str__(self) -> str:
        return self.reference


class DisputeEvidence(Identified):
    """What one person put together for a dispute. Rows are never changed.

    ``sha256`` is the digest of ``body``; a row without a body is the text that goes with the files.
    """

    dispute = models.ForeignKey(Dispute, models.PROTECT, related_name="evidence")
    kind = models.CharField(max_length=60, blank=True)
    name = models.CharField(max_length=200)
    content_type = models.CharField(max_length=100)
    body = models.BinaryField()
    sha256 = models.CharField(max_length=64)
    added_by = models.CharField(max_length=250)
    added_at = models.DateTimeField()

    class Meta(Identified.Meta):
        db_table = "payments_dispute_evidence"
        ordering = ["added_at", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["dispute", "sha256"], name="payments_dispute_evidence_once"
            ),
        ]

    def __str__(self) -> str:
        return self.name
