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


def move(
    subject: Batch | Break | Disbursement, to_state: str, actor: Actor, reason: str = ""
) -> None:
    """Set the state of a locked row and record the event; the caller saves the row.

    Raises ``ForbiddenTransition``; the database refuses the same moves on its own.
    """
    what = type(subject).__name__.lower()
    if to_state not in _TRANSITIONS[type(subject)][subject.state]:
        raise ForbiddenTransition(
            what=what,
            reference=subject.reference,
            from_state=subject.state,
            to_state=to_state,
        )
    StateEvent.objects.create(
        what=what,
        subject=subject.id,
        from_state=subject.state,
        to_state=to_state,
        actor=str(actor),
        reason=reason,
        recorded_at=clock.now(),
    )
    subject.state = to_state
