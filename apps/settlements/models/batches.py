"""Disbursements and the batches they are approved in."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models

from apps.platform.models.rows import Identified, choices
from apps.settlements.domain import BatchState, DisbursementState
from apps.settlements.models.payees import Beneficiary, Payee


class Batch(Identified):
    """Disbursements that are decided on together.

    ``digest`` seals the lines while the batch is in approval; ``round`` counts submissions, so that
    approvals of an earlier version never count. ``editors`` are the persons who made it what it is;
    none of them decides.
    """

    reference = models.CharField(max_length=40, unique=True)
    state = models.CharField(max_length=30, choices=choices(BatchState), default=BatchState.OPEN)
    provider_account = models.CharField(max_length=60)
    currency = models.CharField(max_length=3)
    line_count = models.PositiveIntegerField(default=0)
    total_minor = models.BigIntegerField(default=0)
    digest = models.CharField(max_length=64, blank=True)
    round = models.PositiveIntegerField(default=0)
    approvals_needed = models.PositiveSmallIntegerField(default=1)
    maker_id = models.UUIDField(null=True)
    maker_name = models.CharField(max_length=200)
    maker_person = models.CharField(max_length=150)
    editors = ArrayField(models.CharField(max_length=150), default=list)
    created_at = models.DateTimeField()
    submitted_at = models.DateTimeField(null=True)
    released_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)

    class Meta(Identified.Meta):
        db_table = "settlements_batch"
        ordering = ["-created_at"]
        constraints = [
            models.CheckConstraint(
                name="settlements_batch_sealed_when_submitted",
                condition=models.Q(state=BatchState.OPEN)
                | models.Q(state=BatchState.REJECTED)
                | ~models.Q(digest=""),
            ),
            models.CheckConstraint(
                name="settlements_batch_total_not_negative",
                condition=models.Q(total_minor__gte=0),
            ),
        ]

    def __str__(self) -> str:
        return self.reference


class Disbursement(Identified):
    """Our decision to pay one payee once. ``beneficiary`` is the version of the details used."""

    reference = models.CharField(max_length=40, unique=True)
    batch = models.ForeignKey(Batch, models.PROTECT, related_name="disbursements")
    payee = models.ForeignKey(Payee, models.PROTECT, related_name="+")
    beneficiary = models.ForeignKey(Beneficiary, models.PROTECT, related_name="+")
    amount_minor = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    state = models.CharField(
        max_length=30, choices=choices(DisbursementState), default=DisbursementState.DRAFT
    )
    provider_reference = models.CharField(max_length=100, blank=True)
    failure_code = models.CharField(max_length=60, blank=True)
    created_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)

    class Meta(Identified.Meta):
        db_table = "settlements_disbursement"
        ordering = ["reference"]
        constraints = [
            models.CheckConstraint(
                name="settlements_disbursement_amount_positive",
                condition=models.Q(amount_minor__gt=0),
            ),
            models.UniqueConstraint(
                fields=["batch", "payee"], name="settlements_disbursement_payee_once_per_batch"
            ),
        ]
        indexes = [
            models.Index(
                fields=["payee"],
                condition=models.Q(state__in=["draft", "awaiting_approval", "approved"]),
                name="settlements_disb_open_payee",
            ),
            models.Index(
                fields=["created_at"],
                condition=models.Q(state__in=["reserved", "unknown"]),
                name="settlements_disb_in_transit",
            ),
        ]

    def __str__(self) -> str:
        return self.reference
