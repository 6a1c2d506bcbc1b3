"""Differences that wait for a person."""

from __future__ import annotations

from django.db import models

from apps.platform.models.rows import Identified, choices
from apps.settlements.domain import BreakKind, BreakState
from apps.settlements.models.matching import ExpectedItem
from apps.settlements.models.statements import StatementLine


class Break(Identified):
    """A difference between a statement and our books. ``dedupe_key`` opens each one once."""

    reference = models.CharField(max_length=40, unique=True)
    kind = models.CharField(max_length=30, choices=choices(BreakKind))
    state = models.CharField(max_length=20, choices=choices(BreakState), default=BreakState.OPEN)
    provider_account = models.CharField(max_length=60)
    amount_minor = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    line = models.ForeignKey(StatementLine, models.PROTECT, related_name="+", null=True)
    item = models.ForeignKey(ExpectedItem, models.PROTECT, related_name="+", null=True)
    explanation = models.CharField(max_length=300)
    dedupe_key = models.CharField(max_length=100, unique=True)
    owner_id = models.UUIDField(null=True)
    owner_name = models.CharField(max_length=200, blank=True)
    opened_at = models.DateTimeField()
    due_at = models.DateTimeField()
    resolved_at = models.DateTimeField(null=True)
    resolution = models.CharField(max_length=1000, blank=True)

    class Meta(Identified.Meta):
        db_table = "settlements_break"
        ordering = ["opened_at"]
        constraints = [
            models.CheckConstraint(
                name="settlements_break_resolution_given",
                condition=~models.Q(state=BreakState.RESOLVED) | ~models.Q(resolution=""),
            ),
        ]
        indexes = [
            models.Index(
                fields=["due_at"],
                condition=~models.Q(state=BreakState.RESOLVED),
                name="settlements_break_open",
            ),
        ]

    def __str__(self) -> str:
        return self.reference
