"""Moving things from state to state, on the record."""

from __future__ import annotations

from collections.abc import Mapping

from django.db import models

from apps.platform import clock
from apps.platform.actors import Actor
from apps.settlements.domain import (
    BATCH_TRANSITIONS,
    BREAK_TRANSITIONS,
    DISBURSEMENT_TRANSITIONS,
)
from apps.settlements.errors import ForbiddenTransition
from apps.settlements.models import Batch, Break, Disbursement, StateEvent

_TRANSITIONS: dict[type[models.Model], Mapping[str, frozenset[str]]] = {
    Batch: BATCH_TRANSITIONS,
    Break: BREAK_TRANSITIONS,
    Disbursement: DISBURSEMENT_TRANSITIONS,
}


def move_lines(batch: Batch, to_state: str, actor: Actor, reason: str = "") -> int:
    """Move all lines of a locked batch at once, on the record; returns how many there are."""
    lines = list(batch.disbursements.select_for_update().order_by("id").only("state", "reference"))
    StateEvent.objects.bulk_create(_step(line, to_state, actor, reason) for line in lines)
    batch.disbursements.update(state=to_state)
    return len(lines)


def move(
    subject: Batch | Break | Disbursement, to_state: str, actor: Actor, reason: str = ""
) -> None:
    """Set the state of a locked row and record the event; the caller saves the row.

    Raises ``ForbiddenTransition``; the database refuses the same moves on its own.
    """
    _step(subject, to_state, actor, reason).save(force_insert=True)
    subject.state = to_state


def _step(
    subject: Batch | Break | Disbursement, to_state: str, actor: Actor, reason: str
) -> StateEvent:
    what = type(subject).__name__.lower()
    if to_state not in _TRANSITIONS[type(subject)][subject.state]:
        raise ForbiddenTransition(
            what=what,
            reference=subject.reference,
            from_state=subject.state,
            to_state=to_state,
        )
    return StateEvent(
        what=what,
        subject=subject.id,
        from_state=subject.state,
        to_state=to_state,
        actor=str(actor),
        reason=reason,
        recorded_at=clock.now(),
    )
