"""Events on the wire: CloudEvents 1.0, structured JSON (cloudevents.io, JSON format 1.0.2)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from apps.platform.messaging.errors import MalformedEvent
from apps.platform.messaging.outbox import Waiting
from apps.platform.messaging.tenants import Place

CONTENT_TYPE = "application/cloudevents+json"
_TENANT_SOURCE = "/tenants/"
_TEXT_MAX = 255  # what the inbox can store of an id or source


@dataclass(frozen=True, slots=True)
class InboundEvent:
    """An event as a handler sees it. ``subject`` is what it is about: an order, a payment.

    ``sequence`` counts the events about that subject, where the sender says so; else it is 0.
    """

    id: str
    type: str
    subject: str
    time: datetime
    data: dict[str, Any]
    traceparent: str
    correlation: str
    source: str = ""
    sequence: int = 0


@dataclass(frozen=True, slots=True)
class Envelope:
    """The event, and the tenant the sender says it is for (id or slug; both may be empty)."""

    event: InboundEvent
    tenant_id: str
    tenant_slug: str


def encode(message: Waiting, place: Place) -> bytes:
    """The outbox row as a CloudEvent. Attributes may not be empty, so empty ones are left out.

    Ten thousand times a second: what comes from our own code is put together as text, and the
    payload is passed on as the database wrote it.
    """
    time = message.recorded_at.astimezone(UTC).isoformat().removesuffix("+00:00")
    parts = [
        f'{{"specversion":"1.0","id":"{message.id}","source":"{_TENANT_SOURCE}{place.slug}"',
        f'"type":"countinghouse.{message.name}.v{message.version}"',
        f'"subject":{_json(message.aggregate)},"time":"{time}Z"',
        f'"datacontenttype":"application/json","tenantid":"{place.id}"',
        # Sorts as text, as the sequence extension asks.
        f'"sequence":"{message.sequence:010d}"',
    ]
    if message.correlation:
        parts.append(f'"correlationid":{_json(message.correlation)}')
    if message.traceparent:
        parts.append(f'"traceparent":{_json(message.traceparent)}')
    parts.append(f'"data":{message.payload}}}')
    return ",".join(parts).encode()


_json = json.JSONEncoder(ensure_ascii=False).encode


def decode(body: bytes, headers: Mapping[str, str], arrived_at: datetime) -> Envelope:
    """Read any CloudEvent in structured JSON, ours or a neighbour's, or ``MalformedEvent``.

    The ``traceparent`` header wins over the attribute: it names the span that published, where the
    attribute names the one in which the fact came about.
    """
    try:
        raw = json.loads(body)
    except ValueError as error:
        raise MalformedEvent(reason="the body is not JSON") from error
    if not isinstance(raw, dict):
        raise MalformedEvent(reason="the body is not a JSON object")
    if raw.get("specversion") != "1.0":
        raise MalformedEvent(reason="specversion is not 1.0")
    data = raw.get("data", {})
    if not isinstance(data, dict):
        raise MalformedEvent(reason="data is not an object")
    source = _text(raw, "source", required=True)
    event = InboundEvent(
        id=_text(raw, "id", required=True),
        type=_text(raw, "type", required=True),
        subject=_text(raw, "subject"),
        time=_time(_text(raw, "time"), arrived_at),
        data=data,
        traceparent=headers.get("traceparent", "") or _text(raw, "traceparent"),
        correlation=_text(raw, "correlationid"),
        source=source,
        sequence=_number(_text(raw, "sequence")),
    )
    slug = source.removeprefix(_TENANT_SOURCE) if source.startswith(_TENANT_SOURCE) else ""
    return Envelope(event, _text(raw, "tenantid"), slug.partition("/")[0])


def _text(raw: Mapping[str, Any], name: str, *, required: bool = False) -> str:
    value = raw.get(name) or ""
    if not isinstance(value, str) or len(value) > _TEXT_MAX or "\x00" in value:
        raise MalformedEvent(reason=f"{name} is not a text of at most {_TEXT_MAX} characters")
    if required and not value:
        raise MalformedEvent(reason=f"{name} is missing")
    return value


def _number(text: str) -> int:
    """A stranger's sequence may be any text that sorts (CloudEvents, sequence extension)."""
    return int(text) if text.isascii() and text.isdigit() else 0


def _time(text: str, arrived_at: datetime) -> datetime:
    if not text:
        return arrived_at
    try:
        time = datetime.fromisoformat(text)
    except ValueError as error:
        raise MalformedEvent(reason="time is not RFC 3339") from error
    if time.tzinfo is None:
        raise MalformedEvent(reason="time has no zone")
    return time
