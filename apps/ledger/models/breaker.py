"""The posting circuit-breaker."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from apps.platform.models.rows import Identified


class PostingBreaker(Identified):
    """One time that posting was stopped; while one is not closed, nothing enters the journal.

    Opened by an audit that found a breach, or by hand. Closed by a person, with a reason and a
    second factor given a moment before. ``checks`` names the laws that did not hold.
    """

    reason = models.CharField(max_length=300)
    checks = models.JSONField(default=list)
    opened_by = models.CharField(max_length=221)
    opened_at = models.DateTimeField()
    closed_by = models.CharField(max_length=221, blank=True)
    closed_by_id = models.UUIDField(null=True)
    closing_reason = models.CharField(max_length=300, blank=True)
    step_up_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)

    class Meta(Identified.Meta):
        db_table = "ledger_posting_breaker"
        ordering = ["-opened_at"]
        constraints = [
            models.UniqueConstraint(
                models.Value(1),
                condition=Q(closed_at=None),
                name="ledger_posting_breaker_one_open",
            ),
            models.CheckConstraint(
                name="ledger_posting_breaker_has_reason", condition=~Q(reason="")
            ),
            models.CheckConstraint(
                name="ledger_posting_breaker_closed_by_person",
                condition=Q(closed_at=None)
                | (
                    Q(closed_by__startswith="person:")
                    & Q(closed_by_id__isnull=False, step_up_at__isnull=False)
                    & ~Q(closing_reason="")
                ),
            ),
        ]

    def __str__(self) -> str:
        return self.reason
