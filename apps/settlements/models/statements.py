"""What providers and banks say happened."""

from __future__ import annotations

from django.db import models

from apps.platform.models.rows import Identified, choices
from apps.settlements.domain import Direction, LineKind


class StatementFile(Identified):
    """A file as it was received. The same bytes are imported once per provider account."""

    provider_account = models.CharField(max_length=60)
    name = models.CharField(max_length=200)
    profile = models.CharField(max_length=40)
    sha256 = models.CharField(max_length=64)
    size_bytes = models.PositiveIntegerField()
    imported_at = models.DateTimeField()
    imported_by = models.CharField(max_length=200)

    class Meta(Identified.Meta):
        db_table = "settlements_statement_file"
        constraints = [
            models.UniqueConstraint(
                fields=["provider_account", "sha256"], name="settlements_statement_file_once"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Statement(Identified):
    """A proved statement: opening balance plus its lines is the closing balance.

    ``first_at`` and ``last_at`` are those of its lines; an empty statement has none.
    """

    file = models.ForeignKey(StatementFile, models.PROTECT, related_name="statements")
    provider_account = models.CharField(max_length=60)
    currency = models.CharField(max_length=3)
    opening_minor = models.BigIntegerField()
    closing_minor = models.BigIntegerField()
    new_lines = models.PositiveIntegerField()
    known_lines = models.PositiveIntegerField()
    first_at = models.DateTimeField(null=True)
    last_at = models.DateTimeField(null=True)
    imported_at = models.DateTimeField()

    class Meta(Identified.Meta):
        db_table = "settlements_statement"
        ordering = ["-imported_at"]

    def __str__(self) -> str:
        return f"{self.provider_account} {self.imported_at:%Y-%m-%d}"


class StatementLine(Identified):
    """One movement the provider booked. Append-only; matches point at it, never the reverse."""

    statement = models.ForeignKey(Statement, models.PROTECT, related_name="lines")
    provider_account = models.CharField(max_length=60)
    line_key = models.CharField(max_length=80)
    number = models.PositiveIntegerField()
    booked_at = models.DateTimeField()
    direction = models.CharField(max_length=3, choices=choices(Direction))
    amount_minor = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    kind = models.CharField(max_length=20, choices=choices(LineKind))
    provider_reference = models.CharField(max_length=100)
    our_reference = models.CharField(max_length=100, blank=True)
    linked_reference = models.CharField(max_length=100, blank=True)
    counterparty = models.CharField(max_length=200, blank=True)
    text = models.CharField(max_length=300, blank=True)

    class Meta(Identified.Meta):
        db_table = "settlements_statement_line"
        ordering = ["booked_at", "number"]
        constraints = [
            models.UniqueConstraint(
                fields=["provider_account", "line_key"], name="settlements_statement_line_once"
            ),
            models.CheckConstraint(
                name="settlements_statement_line_amount_positive",
                condition=models.Q(amount_minor__gt=0),
            ),
        ]
        indexes = [
            models.Index(
                fields=["provider_account", "provider_reference"], name="settlements_line_reference"
            ),
            models.Index(
                fields=["provider_account", "linked_reference"], name="settlements_line_linked"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.provider_reference} {self.kind}"
