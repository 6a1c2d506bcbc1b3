"""What we expect on statements, and what was found to belong together."""

from __future__ import annotations

from django.db import models

from apps.platform.models.rows import Identified, choices
from apps.settlements.domain import Direction, ItemState, LineKind
from apps.settlements.models.statements import StatementLine


class ExpectedItem(Identified):
    """A movement our own books say a statement will show. ``source`` is what it comes from."""

    provider_account = models.CharField(max_length=60)
    kind = models.CharField(max_length=20, choices=choices(LineKind))
    direction = models.CharField(max_length=3, choices=choices(Direction))
    amount_minor = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    provider_reference = models.CharField(max_length=100)
    expected_fee_minor = models.BigIntegerField(null=True)
    source = models.CharField(max_length=200, unique=True)
    state = models.CharField(max_length=20, choices=choices(ItemState), default=ItemState.EXPECTED)
    expected_at = models.DateTimeField()

    class Meta(Identified.Meta):
        db_table = "settlements_expected_item"
        constraints = [
            models.CheckConstraint(
                name="settlements_expected_item_amount_positive",
                condition=models.Q(amount_minor__gt=0),
            ),
        ]
        indexes = [
            models.Index(
                fields=["provider_account", "provider_reference"],
                name="settlements_item_reference",
            ),
            models.Index(
                fields=["expected_at"],
                condition=models.Q(state=ItemState.EXPECTED),
                name="settlements_item_waiting",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.provider_reference}"


class MatchGroup(Identified):
    """Lines and items that explain each other. ``rule`` says why they were put together."""

    rule = models.CharField(max_length=40)
    rule_version = models.PositiveSmallIntegerField()
    matched_by = models.CharField(max_length=200)
    matched_at = models.DateTimeField()

    class Meta(Identified.Meta):
        db_table = "settlements_match_group"

    def __str__(self) -> str:
        return f"{self.rule} v{self.rule_version}"


class MatchLeg(Identified):
    """A line's or an item's part in a match. The database keeps the sum within its amount."""

    group = models.ForeignKey(MatchGroup, models.PROTECT, related_name="legs")
    line = models.ForeignKey(StatementLine, models.PROTECT, related_name="legs", null=True)
    item = models.ForeignKey(ExpectedItem, models.PROTECT, related_name="legs", null=True)
    allocated_minor = models.BigIntegerField()

    class Meta(Identified.Meta):
        db_table = "settlements_match_leg"
        constraints = [
            models.CheckConstraint(
                name="settlements_match_leg_one_side",
                condition=models.Q(line__isnull=True, item__isnull=False)
                | models.Q(line__isnull=False, item__isnull=True),
            ),
            models.CheckConstraint(
                name="settlements_match_leg_allocated_positive",
                condition=models.Q(allocated_minor__gt=0),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.allocated_minor}"
