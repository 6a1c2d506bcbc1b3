"""Who decided what about a batch."""

from __future__ import annotations

from django.db import models

from apps.platform.models.rows import Identified, choices
from apps.settlements.domain import Decision
from apps.settlements.models.batches import Batch


class Approval(Identified):
    """One person's decision on one round of a batch. Written once, never changed.

    The database refuses the maker, a second decision of the same person, a digest other than the
    batch's, and a second factor older than five minutes.
    """

    batch = models.ForeignKey(Batch, models.PROTECT, related_name="approvals")
    round = models.PositiveIntegerField()
    decision = models.CharField(max_length=20, choices=choices(Decision))
    person = models.CharField(max_length=150)
    user_id = models.UUIDField()
    user_name = models.CharField(max_length=200)
    digest = models.CharField(max_length=64)
    comment = models.CharField(max_length=1000, blank=True)
    step_up_at = models.DateTimeField(null=True)
    decided_at = models.DateTimeField()

    class Meta(Identified.Meta):
        db_table = "settlements_approval"
        ordering = ["decided_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["batch", "round", "person"], name="settlements_approval_once_per_person"
            ),
            models.CheckConstraint(
                name="settlements_approval_reason_given",
                condition=models.Q(decision=Decision.APPROVE) | ~models.Q(comment=""),
            ),
            models.CheckConstraint(
                name="settlements_approval_step_up_to_approve",
                condition=~models.Q(decision=Decision.APPROVE) | models.Q(step_up_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.decision} by {self.user_name}"
