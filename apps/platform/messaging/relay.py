"""The relay: carries committed events from the outboxes to JetStream, at least once and in order.

Several relays may run; they share the work by row locks. A relay that dies between publishing and
marking leaves its rows unmarked: they are published again under the same id, which JetStream drops
within its duplicate window and every consumer's inbox drops after it.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from threading import Event as Signal
from time import monotonic

import structlog
from django.db import InterfaceError, OperationalError, connection, transaction
from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.trace import NonRecordingSpan, Span, SpanContext, SpanKind, TraceFlags

from apps.platform import clock, metrics
from apps.platform.errors import DomainError
from apps.platform.messaging import outbox, topology
from apps.platform.messaging.broker import Broker, Outgoing
from apps.platform.messaging.envelope import CONTENT_TYPE, encode
from apps.platform.messaging.errors import BrokerUnavailable
from apps.platform.messaging.outbox import Waiting
from apps.platform.messaging.tenants import Place, ready_places
from apps.platform.messaging.wakeup import Bell, listening

logger = structlog.get_logger("house.relay")
tracer = trace.get_tracer("countinghouse")

BUSY_POLL_SECONDS = 0.1
IDLE_POLL_SECONDS = 0.5
TROUBLE_SECONDS_MAX = 10.0
#: The list of tenants is asked for again after this long.
TENANTS_SECONDS = 5.0
#: A claim holds its transaction no longer than this and the last wave's confirmations.
CLAIM_SECONDS_MAX = 10.0


@dataclass(frozen=True, slots=True)
class Turn:
    """What one look at all outboxes came to."""

    published: int = 0
    unconfirmed: int = 0
    is_more: bool = False  # a claim was full: look again at once

    def plus(self, other: Turn) -> Turn:
        """Both together."""
        return Turn(
            self.published + other.published,
            self.unconfirmed + other.unconfirmed,
            self.is_more or other.is_more,
        )


class Relay:
    """One relay. ``run`` until told to stop; ``turn`` does one round."""

    def __init__(self, broker: Broker) -> None:
        self._broker = broker
        self._places: list[Place] = []
        self._listed_at = float("-inf")

    def run(self, stop: Signal) -> None:
        """Empty the outboxes until ``stop`` is set. Trouble with either server is waited out.

        A bell tells which outboxes to look into at once. All are looked into from time to time,
        whether it rang or not: so nothing is lost when it does not.
        """
        with listening() as bell:
            self._run(stop, bell)

    def _run(self, stop: Signal, bell: Bell) -> None:
        wait, looked_at, is_trouble = 0.0, monotonic(), False
        while not stop.is_set():
            left = max(0.0, looked_at + wait - monotonic())
            rung = set[str]() if is_trouble and stop.wait(left) else bell.wait(left, stop)
            if stop.is_set():
                return
            is_look = not rung or monotonic() - looked_at >= wait
            try:
                turn = self.turn(None if is_look else rung)
            except (DomainError, OperationalError, InterfaceError) as error:
                wait, looked_at, is_trouble = _longer(wait), monotonic(), True
                logger.warning("relay.waiting", seconds=wait, error=str(error))
                connection.close()
                continue
            is_trouble = turn.unconfirmed > 0
            if is_look or is_trouble or turn.is_more:
                wait, looked_at = _pause(turn, wait), monotonic()

    def turn(self, slugs: Collection[str] | None = None) -> Turn:
        """Publish one claim of every place that has something waiting, or of those named."""
        if monotonic() - self._listed_at > TENANTS_SECONDS:
            self._places = ready_places()
            self._listed_at = monotonic()
        waiting = outbox.oldest_unpublished(self._places) if slugs is None else slugs
        total = Turn()
        for place in self._places:
            if place.slug in waiting:
                total = total.plus(self._empty(place))
        return total

    def _empty(self, place: Place) -> Turn:
        """One claim of one place, in one transaction: lock, publish, mark."""
        with transaction.atomic():
            claimed = outbox.claim(place)
            confirmed, trouble = self._publish(claimed, place)
            if confirmed:
                outbox.mark_published(place, [message.id for message in confirmed])
        _count(confirmed)
        if trouble is not None:
            raise trouble
        return Turn(
            published=len(confirmed),
            unconfirmed=len(claimed) - len(confirmed),
            is_more=len(claimed) == len(confirmed) and len(claimed) >= outbox.CLAIM_MAX,
        )

    def _publish(
        self, claimed: Sequence[Waiting], place: Place
    ) -> tuple[list[Waiting], BrokerUnavailable | None]:
        """Those that JetStream confirmed. An aggregate stops at its first unconfirmed event."""
        confirmed: list[Waiting] = []
        stopped: set[str] = set()
        deadline = monotonic() + CLAIM_SECONDS_MAX
        for wave in outbox.waves(claimed):
            if monotonic() > deadline:
                break
            sent = [message for message in wave if message.aggregate not in stopped]
            try:
                arrived = publish_wave(self._broker, sent, place)
            except BrokerUnavailable as error:
                return confirmed, error
            confirmed += arrived
            ids = {message.id for message in arrived}
            stopped |= {message.aggregate for message in sent if message.id not in ids}
        return confirmed, None


def publish_wave(broker: Broker, wave: Sequence[Waiting], place: Place) -> list[Waiting]:
    """Publish messages of different aggregates together; return those that were confirmed."""
    if not wave:
        return []
    spans = [_span(message) for message in wave]
    try:
        answers = broker.publish(
            [_outgoing(message, span, place) for message, span in zip(wave, spans, strict=True)]
        )
    finally:
        for span in spans:
            span.end()
    confirmed = [message for message in wave if str(message.id) in answers.confirmed]
    if answers.complaint:
        metrics.EVENTS_REFUSED.inc(len(wave) - len(confirmed))
        logger.warning("relay.unconfirmed", tenant=place.slug, error=answers.complaint)
    return confirmed


def _span(message: Waiting) -> Span:
    """A span in the trace of the request that caused the event."""
    cause = _cause(message.traceparent)
    return tracer.start_span(f"publish {message.name}", context=cause, kind=SpanKind.PRODUCER)


def _cause(traceparent: str) -> Context:
    """The span it names, as our own code wrote it (W3C Trace Context, 2.2), or no span.

    The propagator looks for baggage and vendors' state too; that was a third of a relay's work.
    """
    try:
        _, trace_id, span_id, flags = traceparent.split("-")
        about = SpanContext(
            int(trace_id, 16),
            int(span_id, 16),
            is_remote=True,
            trace_flags=TraceFlags(int(flags, 16)),
        )
    except ValueError:
        return Context()
    return trace.set_span_in_context(NonRecordingSpan(about), Context())


def _outgoing(message: Waiting, span: Span, place: Place) -> Outgoing:
    about = span.get_span_context()
    headers = {"Content-Type": CONTENT_TYPE}
    if about.is_valid:  # W3C Trace Context; the propagator writes the same and takes longer
        headers["traceparent"] = (
            f"00-{about.trace_id:032x}-{about.span_id:016x}-{about.trace_flags:02x}"
        )
    return Outgoing(
        id=str(message.id),
        subject=topology.house_subject(place.slug, message.name, message.version),
        body=encode(message, place),
        headers=headers,
    )


def _count(confirmed: Sequence[Waiting]) -> None:
    now = clock.now()
    metrics.EVENTS_PUBLISHED.inc(len(confirmed))
    for message in confirmed:
        metrics.PUBLISH_DELAY_SECONDS.observe((now - message.recorded_at).total_seconds())


def _pause(turn: Turn, last: float) -> float:
    if turn.unconfirmed:
        return _longer(last)
    if turn.is_more:
        return 0.0
    if turn.published:
        return BUSY_POLL_SECONDS
    return min(max(last, BUSY_POLL_SECONDS) * 1.5, IDLE_POLL_SECONDS)


def _longer(last: float) -> float:
    return min(max(last, BUSY_POLL_SECONDS) * 2, TROUBLE_SECONDS_MAX)
