"""Differences that wait for somebody."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Count, Min, QuerySet, Sum
from django.db.models.functions import Abs

from apps.platform import clock
from apps.platform.money import Money
from apps.settlements.domain import BreakState
from apps.settlements.models import Break

ROWS_MAX = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class BreakRow:
    """A break as queues and pages show it."""

    id: UUID
    reference: str
    kind: str
    state: str
    provider_account: str
    amount: Money
    explanation: str
    owner_id: UUID | None
    owner_name: str
    opened_at: datetime
    due_at: datetime
    is_overdue: bool
    resolution: str
    resolved_at: datetime | None
    line_id: UUID | None
    line_amount: Money | None
    line_reference: str
    line_text: str
    statement_id: UUID | None
    expected: Money | None
    expected_source: str


def breaks_with_lines() -> QuerySet[Break]:
    """Breaks with all that ``present_break`` reads."""
    return Break.objects.select_related("line", "item")


def open_breaks(
    *, kind: str = "", state: str = "", owner_id: UUID | None = None, limit: int = ROWS_MAX
) -> list[BreakRow]:
    """Breaks that are not resolved, the most urgent first."""
    rows = breaks_with_lines().exclude(state=BreakState.RESOLVED)
    for name, value in (("kind", kind), ("state", state), ("owner_id", owner_id)):
        if value:
            rows = rows.filter(**{name: value})
    return [present_break(row) for row in rows.order_by("due_at", "id")[: min(limit, ROWS_MAX)]]


def breaks_summary() -> list[tuple[Money, int, datetime]]:
    """What is unexplained, for each currency: the sum of amounts, how many, since when."""
    rows = (
        Break.objects.exclude(state=BreakState.RESOLVED)
        .values("currency")
        .annotate(minor=Sum(Abs("amount_minor")), count=Count("id"), oldest=Min("opened_at"))
        .order_by("currency")
    )
    return [(Money(int(r["minor"]), r["currency"]), r["count"], r["oldest"]) for r in rows]


def one_break(*, break_id: UUID) -> BreakRow | None:
    """One break, or nothing."""
    row = breaks_with_lines().filter(id=break_id).first()
    return present_break(row) if row is not None else None


def present_break(row: Break) -> BreakRow:
    """The row of a model that was read with its line."""
    line, item = row.line, row.item
    return BreakRow(
        id=row.id,
        reference=row.reference,
        kind=row.kind,
        state=row.state,
        provider_account=row.provider_account,
        amount=Money(row.amount_minor, row.currency),
        explanation=row.explanation,
        owner_id=row.owner_id,
        owner_name=row.owner_name,
        opened_at=row.opened_at,
        due_at=row.due_at,
        is_overdue=row.state != BreakState.RESOLVED and row.due_at < clock.now(),
        resolution=row.resolution,
        resolved_at=row.resolved_at,
        line_id=line.id if line else None,
        line_amount=Money(line.amount_minor, line.currency) if line else None,
        line_reference=line.provider_reference if line else "",
        line_text=line.text if line else "",
        statement_id=line.statement_id if line else None,
        expected=Money(item.amount_minor, item.currency) if item else None,
        expected_source=item.source if item else "",
    )
