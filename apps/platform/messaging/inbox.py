"""One delivery: whose it is, whether it was handled before, and what becomes of it.

Plain code without a broker: the runner calls ``receive`` and does what the verdict says.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from time import perf_counter

import structlog
from django.db import InterfaceError, OperationalError, connection, transaction
from opentelemetry import propagate, trace
from opentelemetry.trace import SpanKind

from apps.platform import clock, context, metrics
from apps.platform.errors import DomainError, Kind
from apps.platform.ids import new_id
from apps.platform.messaging import topology
from apps.platform.messaging.consumers import Consumer
from apps.platform.messaging.envelope import Envelope, InboundEvent, decode
from apps.platform.messaging.errors import (
    ForeignEvent,
    MalformedEvent,
    TenantNotReady,
    UnknownTenant,
)
from apps.platform.messaging.tenants import PLATFORM, Place, find_place
from apps.platform.models import DeadLetter, InboxMessage
from apps.platform.tenant import current_tenant_id

logger = structlog.get_logger("house.consumers")
tracer = trace.get_tracer("countinghouse")

FAILURES_MAX = 5
#: Waits after the first, second … failure of ours.
RETRY_SECONDS = (1.0, 5.0, 15.0, 30.0)
#: Waits while something is away; the last one is repeated for as long as it takes.
AWAY_SECONDS = (1.0, 2.0, 5.0, 15.0, 30.0, 60.0)
TENANT_SECONDS = 60.0
_ERROR_LENGTH_MAX = 2000
_CORRELATION_MAX = 100  # what the outbox stores


@dataclass(frozen=True, slots=True)
class Delivery:
    """A message as JetStream handed it over. ``tries`` counts this delivery."""

    stream: str
    stream_sequence: int
    subject: str
    body: bytes
    headers: Mapping[str, str]
    tries: int
    arrived_at: datetime


class Outcome(StrEnum):
    """What became of a delivery."""

    HANDLED = "handled"
    REPEATED = "repeated"  # was handled before
    PASSED = "passed"  # not wanted
    FAILED = "failed"  # will be tried again, counted
    WAITING = "waiting"  # something is away; will be tried again, not counted
    DEAD = "dead"


@dataclass(frozen=True, slots=True)
class Verdict:
    """``retry_seconds`` says when to deliver again; nothing means never."""

    outcome: Outcome
    retry_seconds: float | None = None


def receive(consumer: Consumer, delivery: Delivery) -> Verdict:
    """Handle one delivery and say what to tell the broker. Raises nothing."""
    started = perf_counter()
    if delivery.tries > 1:
        metrics.EVENTS_REDELIVERED.labels(consumer=consumer.name).inc()
    try:
        verdict = _open(consumer, delivery)
    except Exception as error:  # noqa: BLE001  the outermost loop of a worker
        verdict = Verdict(Outcome.WAITING, _after(AWAY_SECONDS, delivery.tries))
        logger.warning("event.not_received", consumer=consumer.name, error=str(error))
        if isinstance(error, OperationalError | InterfaceError):
            connection.close()
    metrics.EVENTS_HANDLED.labels(consumer=consumer.name, outcome=verdict.outcome).inc()
    metrics.HANDLER_SECONDS.labels(consumer=consumer.name).observe(perf_counter() - started)
    return verdict


def _open(consumer: Consumer, delivery: Delivery) -> Verdict:
    """Find out whose it is; what says nothing certain about that goes to the platform."""
    try:
        envelope = decode(delivery.body, delivery.headers, delivery.arrived_at)
        place = _place_of(delivery, envelope)
    except TenantNotReady:
        return Verdict(Outcome.WAITING, TENANT_SECONDS)
    except (MalformedEvent, ForeignEvent, UnknownTenant) as error:
        with PLATFORM.enter(), transaction.atomic():
            bury(consumer, delivery, error, failures=1)
        return Verdict(Outcome.DEAD)
    with place.enter(), about(consumer, envelope.event):
        return _try(consumer, delivery, envelope.event)


def _place_of(delivery: Delivery, envelope: Envelope) -> Place:
    """The subject says whose it is; what the envelope says may only confirm it."""
    slug = topology.slug_in(delivery.subject)
    place = find_place(slug)
    if place is None:
        raise UnknownTenant(slug=slug)
    if envelope.tenant_id and envelope.tenant_id != str(place.id):
        raise ForeignEvent(subject=delivery.subject, named=envelope.tenant_id)
    if envelope.tenant_slug and envelope.tenant_slug != slug:
        raise ForeignEvent(subject=delivery.subject, named=envelope.tenant_slug)
    if not place.is_ready:
        raise TenantNotReady(slug=slug)
    return place


def _try(consumer: Consumer, delivery: Delivery, event: InboundEvent) -> Verdict:
    try:
        if consumer.wants is not None and not consumer.wants(event):
            return Verdict(Outcome.PASSED)
        is_new = handle_once(consumer, event)
    except Exception as error:  # noqa: BLE001  the outermost loop of a worker
        if _is_away(error):
            logger.info("event.waiting", error=str(error))
            if isinstance(error, OperationalError | InterfaceError):
                connection.close()
            return Verdict(Outcome.WAITING, _after(AWAY_SECONDS, delivery.tries))
        return _failed(consumer, delivery, event, error)
    outcome = Outcome.HANDLED if is_new else Outcome.REPEATED
    logger.info("event.done", outcome=outcome)
    return Verdict(outcome)


def handle_once(consumer: Consumer, event: InboundEvent) -> bool:
    """Run the handler unless it has run for this event. True if it ran.

    The note in the inbox and the handler's work commit together. The same event in two hands at
    once: the second waits here for the first.
    """
    with transaction.atomic():
        if not _note(consumer, event):
            return False
        consumer.handle(event)
    return True


def _note(consumer: Consumer, event: InboundEvent) -> bool:
    now = clock.now()
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO platform_inbox_message AS seen
              (id, tenant, consumer, source, event_id, received_at, handled_at, failures)
            VALUES (%s, %s, %s, %s, %s, %s, %s, 0)
            ON CONFLICT (consumer, event_id, source) DO UPDATE SET handled_at = %s
              WHERE seen.handled_at IS NULL
            RETURNING true
            """,
            [
                *(new_id(), current_tenant_id(), consumer.name, event.source, event.id),
                *(now, now, now),
            ],
        )
        return cursor.fetchone() is not None


def _failed(
    consumer: Consumer, delivery: Delivery, event: InboundEvent, error: Exception
) -> Verdict:
    with transaction.atomic():
        failures = _count_failure(consumer, event)
        if failures >= FAILURES_MAX:
            bury(consumer, delivery, error, failures=failures, event=event)
            return Verdict(Outcome.DEAD)
    logger.warning("event.failed", failures=failures, exc_info=error)
    return Verdict(Outcome.FAILED, _after(RETRY_SECONDS, failures))


def _count_failure(consumer: Consumer, event: InboundEvent) -> int:
    row, is_first = InboxMessage.objects.select_for_update().get_or_create(
        consumer=consumer.name,
        event_id=event.id,
        source=event.source,
        defaults={"received_at": clock.now(), "failures": 1},
    )
    if not is_first:
        row.failures += 1
        row.save(update_fields=["failures"])
    return row.failures


def bury(
    consumer: Consumer,
    delivery: Delivery,
    error: Exception,
    *,
    failures: int,
    event: InboundEvent | None = None,
) -> None:
    """Set the message aside, whole, in the present books. Once for each event and consumer.

    What could not be read has no id of its own; its place in the stream serves as one.
    """
    logger.error("event.dead", consumer=consumer.name, subject=delivery.subject, exc_info=error)
    DeadLetter.objects.get_or_create(
        consumer=consumer.name,
        event_id=event.id if event else f"{delivery.stream}:{delivery.stream_sequence}",
        source=event.source if event else "",
        defaults={
            "stream": delivery.stream,
            "stream_sequence": delivery.stream_sequence,
            "subject": delivery.subject,
            # PostgreSQL's text holds no NUL.
            "body": delivery.body.decode(errors="replace").replace("\x00", "\ufffd"),
            "headers": dict(delivery.headers),
            "error_code": getattr(error, "code", type(error).__name__)[:100],
            "error": str(error).replace("\x00", "")[:_ERROR_LENGTH_MAX],
            "failures": failures,
            "arrived_at": delivery.arrived_at,
            "died_at": clock.now(),
        },
    )


@contextmanager
def about(consumer: Consumer, event: InboundEvent) -> Iterator[None]:
    """Within the block, log, audit and trace say which event is being handled."""
    cause = propagate.extract({"traceparent": event.traceparent})
    work = tracer.start_as_current_span(
        f"consume {consumer.name}",
        context=cause,
        kind=SpanKind.CONSUMER,
        attributes={"house.event": event.id, "house.event_type": event.type},
    )
    with (
        work,
        context.bound(context.request_id, _request_id(event.id)),
        context.bound(context.correlation, event.correlation[:_CORRELATION_MAX]),
        structlog.contextvars.bound_contextvars(
            consumer=consumer.name, event=event.id, correlation=event.correlation
        ),
    ):
        yield


def _request_id(event_id: str) -> str:
    """The event's id stands for the request; one too long to store is digested (64 hex digits)."""
    if len(event_id) <= 64:  # noqa: PLR2004  the columns' length
        return event_id
    return hashlib.sha256(event_id.encode()).hexdigest()


def _is_away(error: Exception) -> bool:
    if isinstance(error, DomainError):
        return error.kind is Kind.UNAVAILABLE
    return isinstance(error, OperationalError | InterfaceError)


def _after(waits: tuple[float, ...], tries: int) -> float:
    return waits[min(max(tries, 1), len(waits)) - 1]
