"""Facts that have happened, written to the outbox in the transaction that made them true."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import UTC, datetime
from typing import Any, ClassVar, Protocol
from uuid import UUID

from django.db import IntegrityError
from django.db.models import F, IntegerField, Subquery, Value
from django.db.models.functions import Coalesce

from apps.platform import clock, context
from apps.platform.errors import DomainError, Kind
from apps.platform.ids import made_at
from apps.platform.messaging.wakeup import wake_relay
from apps.platform.models import OutboxMessage, Retention
from apps.platform.money import Money

_ONCE = "platform_outbox_message_sequence_once"
_LONG_AGO = datetime.min.replace(tzinfo=UTC)


class Event(Protocol):
    """A frozen dataclass in some app's ``events.py``, named in the past tense."""

    name: ClassVar[str]
    version: ClassVar[int]
    __dataclass_fields__: ClassVar[dict[str, Any]]


@dataclass(eq=False, kw_only=True)
class EventsOutOfTurn(DomainError):
    """Two transactions told of the same object at once; one of them has to be repeated.

    It means that a use case records an event without holding the row lock of the object the event
    is about. Repeating helps; taking the lock first is the cure.
    """

    code = "platform/events-out-of-turn"
    kind = Kind.UNAVAILABLE

    aggregate: str


def record(event: Event, *, aggregate: str, correlation: str = "") -> UUID:
    """Put the event in the outbox and return its id. The relay publishes it at least once.

    ``aggregate`` is the public id of the object the event is about; events of one aggregate are
    numbered 1, 2, 3 … Callers hold that object's row lock, which keeps the numbers free of races.
    A caller that does not is stopped by the unique constraint: ``EventsOutOfTurn``. Where all
    earlier events have been removed with age, the numbers go on behind the greatest removed one.

    ``correlation`` is what the reader may group events by; without one, that of the event which
    set this work off.
    """
    try:
        message = OutboxMessage.objects.create(
            name=event.name,
            version=event.version,
            aggregate=aggregate,
            sequence=_next_sequence(aggregate),
            payload=payload_of(event),
            traceparent=context.traceparent(),
            correlation=correlation or context.correlation.get(),
            recorded_at=clock.now(),
        )
    except IntegrityError as error:
        if _ONCE in str(error):
            raise EventsOutOfTurn(aggregate=aggregate) from error
        raise
    wake_relay()
    return message.id


def payload_of(event: Event) -> dict[str, object]:
    """What the event says, as it travels: for those who write many messages in one statement."""
    return {field.name: _plain(getattr(event, field.name)) for field in fields(event)}


def _next_sequence(aggregate: str) -> Any:
    """One more than the last, read from the unique index within the INSERT itself.

    An aggregate whose id is younger than the oldest event we keep has lost none: it starts at 1.
    """
    last = OutboxMessage.objects.filter(aggregate=aggregate).order_by("-sequence")
    removed = Retention.objects.filter(events_since__gt=made_at(aggregate) or _LONG_AGO)
    return Coalesce(
        Subquery(last.annotate(next=F("sequence") + 1).values("next")[:1]),
        Subquery(removed.annotate(next=F("highest_sequence") + 1).values("next")[:1]),
        Value(1),
        output_field=IntegerField(),
    )


def _plain(value: object) -> object:
    """Money travels as minor units with its currency; the JSON encoder knows the rest."""
    if isinstance(value, Money):
        return {"amount_minor": value.minor, "currency": value.currency}
    if isinstance(value, tuple | list):
        return [_plain(item) for item in value]
    return value
