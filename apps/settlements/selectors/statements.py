"""Imported statements and how far they are explained."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Count, Q, QuerySet

from apps.platform.money import Money
from apps.settlements.domain import Direction, LineKind
from apps.settlements.models import Break, MatchLeg, Statement, StatementLine

ROWS_MAX = 200
LINES_MAX = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class StatementRow:
    """A statement; ``matched`` and ``movements`` count its lines that are not fees."""

    id: UUID
    file_name: str
    profile: str
    sha256: str
    provider_account: str
    opening: Money
    closing: Money
    new_lines: int
    known_lines: int
    movements: int
    matched: int
    first_at: datetime | None
    last_at: datetime | None
    imported_at: datetime
    imported_by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StatementLineRow:
    """A line, and what explains it: a match with something of ours, or a break. ``amount`` is what
    it adds to the balance.
    """

    id: UUID
    number: int
    booked_at: datetime
    kind: str
    amount: Money
    provider_reference: str
    linked_reference: str
    text: str
    counterparty: str
    matched_with: str
    matched_by_rule: str
    break_id: UUID | None
    break_reference: str
    break_state: str


def statements(*, provider_account: str = "", limit: int = ROWS_MAX) -> list[StatementRow]:
    """The newest statements first."""
    rows = statements_with_counts()
    if provider_account:
        rows = rows.filter(provider_account=provider_account)
    return [statement_row(row) for row in rows[: min(limit, ROWS_MAX)]]


def statement(*, statement_id: UUID) -> StatementRow | None:
    """One statement, or nothing."""
    row = statements_with_counts().filter(id=statement_id).first()
    return statement_row(row) if row is not None else None


def statements_with_counts() -> QuerySet[Statement]:
    """Statements with all that ``statement_row`` reads, the newest first."""
    is_movement = ~Q(lines__kind=LineKind.FEE)
    return (
        Statement.objects.select_related("file")
        .annotate(
            movements=Count("lines", filter=is_movement, distinct=True),
            matched=Count(
                "lines", filter=is_movement & Q(lines__legs__isnull=False), distinct=True
            ),
        )
        .order_by("-imported_at", "-id")
    )


def statement_row(row: Statement) -> StatementRow:
    """The row of a model that was read with its counts."""
    return StatementRow(
        id=row.id,
        file_name=row.file.name,
        profile=row.file.profile,
        sha256=row.file.sha256,
        provider_account=row.provider_account,
        opening=Money(row.opening_minor, row.currency),
        closing=Money(row.closing_minor, row.currency),
        new_lines=row.new_lines,
        known_lines=row.known_lines,
        movements=row.movements,  # type: ignore[attr-defined]  # annotated
        matched=row.matched,  # type: ignore[attr-defined]  # annotated
        first_at=row.first_at,
        last_at=row.last_at,
        imported_at=row.imported_at,
        imported_by=row.file.imported_by,
    )


def statement_lines(*, statement_id: UUID, limit: int = LINES_MAX) -> list[StatementLineRow]:
    """The lines a statement brought, in its order, each with what explains it."""
    lines = list(StatementLine.objects.filter(statement_id=statement_id).order_by("number")[:limit])
    ids = [line.id for line in lines]
    breaks = {row.line_id: row for row in Break.objects.filter(line__in=ids)}
    groups = dict(MatchLeg.objects.filter(line__in=ids).values_list("line_id", "group_id"))
    items = {
        leg.group_id: leg
        for leg in MatchLeg.objects.filter(
            group__in=groups.values(), item__isnull=False
        ).select_related("item", "group")
    }
    by_line = {line: items.get(group) for line, group in groups.items()}
    return [_line(line, by_line.get(line.id), breaks.get(line.id)) for line in lines]


def _line(line: StatementLine, leg: MatchLeg | None, found: Break | None) -> StatementLineRow:
    sign = 1 if line.direction == Direction.IN else -1
    return StatementLineRow(
        id=line.id,
        number=line.number,
        booked_at=line.booked_at,
        kind=line.kind,
        amount=Money(sign * line.amount_minor, line.currency),
        provider_reference=line.provider_reference,
        linked_reference=line.linked_reference,
        text=line.text,
        counterparty=line.counterparty,
        matched_with=leg.item.source if leg and leg.item else "",
        matched_by_rule=str(leg.group) if leg else "",
        break_id=found.id if found else None,
        break_reference=found.reference if found else "",
        break_state=found.state if found else "",
    )
