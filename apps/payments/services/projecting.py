"""From events to what an intent shows. The only writer of an intent's status and amounts."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import fields

from apps.payments.domain import merging
from apps.payments.domain.merging import EventKind, Fact
from apps.payments.domain.states import INTENT_MOVES, IntentStatus, may_move
from apps.payments.errors import IllegalMove
from apps.payments.models import PaymentEvent, PaymentIntent

PROJECTED = [field.name for field in fields(merging.Projection)]


def facts_of(events: Iterable[PaymentEvent]) -> list[Fact]:
    """Events as merging needs them."""
    return [
        Fact(e.facet, EventKind(e.kind), e.amount_minor, e.provider_time, e.dedupe) for e in events
    ]


def project(intent: PaymentIntent, facts: Iterable[Fact] | None = None) -> None:
    """Bring the locked intent up to date with its events, or with ``facts`` about to be written."""
    held = facts_of(intent.events.all()) if facts is None else facts
    now = merging.projection(intent.amount_minor, held)
    before = IntentStatus(intent.status)
    if all(getattr(intent, name) == getattr(now, name) for name in PROJECTED):
        return
    if not may_move(INTENT_MOVES, before, now.status):
        raise IllegalMove(object_type="payment intent", before=before, after=now.status)
    for name in PROJECTED:
        setattr(intent, name, getattr(now, name))
    intent.version += 1
    intent.save(update_fields=[*PROJECTED, "version"])
