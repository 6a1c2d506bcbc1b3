"""Facts that have happened, written to the outbox in the transaction that made them true."""

from __future__ import annotations

from dataclasses import fields
from typing import Any, ClassVar, Protocol
from uuid import UUID

from django.db.models import Max
from django.db.models.functions import Coalesce

from apps.platform import clock, context
from apps.platform.models import OutboxMessage
from apps.platform.money import Money


class Event(Protocol):
    """A frozen dataclass in some app's ``events.py``, named in the past tense."""

    name: ClassVar[str]
    version: ClassVar[int]
    __dataclass_fields__: ClassVar[dict[str, Any]]


def record(event: Event, *, aggregate: str, correlation: str = "") -> UUID:
    """Put the event in the outbox and return its id. The relay publishes it at least once.

    ``aggregate`` is the public id of the object the event is about; events of one aggregate are
    numbered 1, 2, 3 … Callers hold that object's row lock, which keeps the numbers free of races;
    the unique constraint refuses what slips through.
    """
    last = OutboxMessage.objects.filter(aggregate=aggregate).aggregate(
        last=Coalesce(Max("sequence"), 0)
    )["last"]
    message = OutboxMessage.objects.create(
        name=event.name,
        version=event.version,
        aggregate=aggregate,
        sequence=last + 1,
        payload={field.name: _plain(getattr(event, field.name)) for field in fields(event)},  # type: ignore[arg-type]  # a Protocol cannot say "dataclass"
        traceparent=context.traceparent(),
        correlation=correlation,
        recorded_at=clock.now(),
    )
    return message.id


def _plain(value: object) -> object:
    """Money travels as minor units with its currency; the JSON encoder knows the rest."""
    if isinstance(value, Money):
        return {"amount_minor": value.minor, "currency": value.currency}
    if isinstance(value, tuple | list):
        return [_plain(item) for item in value]
    return value
