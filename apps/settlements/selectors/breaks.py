"""Differences that wait for somebody."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

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
    owner_name: str
    opened_at: datetime
    due_at: datetime
    is_overdue: bool
    resolution: str
    line_reference: str
    line_text: str


def open_breaks(*, kind: str = "", limit: int = ROWS_MAX) -> list[BreakRow]:
    """Breaks that are not resolved, the most urgent first."""
    rows = Break.objects.exclude(state=BreakState.RESOLVED).select_related("line")
    if kind:
        rows = rows.filter(kind=kind)
    return [_row(row) for row in rows.order_by("due_at", "id")[: min(limit, ROWS_MAX)]]


def break_row(*, break_id: UUID) -> BreakRow | None:
    """One break, or nothing."""
    row = Break.objects.select_related("line").filter(id=break_id).first()
    return _row(row) if row is not None else None


def _row(row: Break) -> BreakRow:
    return BreakRow(
        id=row.id,
        reference=row.reference,
        kind=row.kind,
        state=row.state,
        provider_account=row.provider_account,
        amount=Money(row.amount_minor, row.currency),
        explanation=row.explanation,
        owner_name=row.owner_name,
        opened_at=row.opened_at,
        due_at=row.due_at,
        is_overdue=row.state != BreakState.RESOLVED and row.due_at < clock.now(),
        resolution=row.resolution,
        line_reference=row.line.provider_reference if row.line is not None else "",
        line_text=row.line.text if row.line is not None else "",
    )
