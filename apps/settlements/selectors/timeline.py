"""How a batch, disbursement or break came to be what it is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from apps.settlements.models import StateEvent

ROWS_MAX = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class TimelineRow:
    """One change of state."""

    at: datetime
    actor: str
    from_state: str
    to_state: str
    reason: str


def timeline(*, subject: UUID) -> list[TimelineRow]:
    """The changes of state of one object, oldest first."""
    rows = StateEvent.objects.filter(subject=subject).order_by("recorded_at", "id")[:ROWS_MAX]
    return [
        TimelineRow(
            at=row.recorded_at,
            actor=row.actor,
            from_state=row.from_state,
            to_state=row.to_state,
            reason=row.reason,
        )
        for row in rows
    ]
