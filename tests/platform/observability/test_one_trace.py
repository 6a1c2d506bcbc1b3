"""One trace id from an HTTP request to a consumer, through everything that lies between."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from celery.contrib.testing.worker import start_worker
from django.test import Client
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind
from pytest_django import Settings

from apps.platform.messaging import topology
from apps.platform.messaging.broker import Broker
from apps.platform.messaging.consumers import Consumer
from apps.platform.messaging.relay import Relay
from apps.platform.messaging.runner import Runner
from apps.platform.models import AuditRecord, OutboxMessage
from config import telemetry
from config.celery import app
from tests.platform.messaging.house import eventually, place, stored
from tests.platform.observability import story

pytestmark = pytest.mark.usefixtures("books")
TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
CALLER = f"00-{TRACE}-00f067aa0ba902b7-01"


@pytest.fixture
def spans(settings: Settings) -> InMemorySpanExporter:
    """Every span that ends from now on. The middleware list is read after tracing is set up."""
    exporter = InMemorySpanExporter()
    telemetry.set_up("tests").add_span_processor(SimpleSpanProcessor(exporter))
    settings.ROOT_URLCONF = "tests.platform.observability.story"
    return exporter


@pytest.fixture
def worker() -> Iterator[None]:
    """A real worker on the real broker, in a thread of this process, with a queue of its own."""
    before = app.conf.task_default_queue
    app.conf.task_default_queue = topology.prefixed("story")
    with start_worker(
        app,
        pool="solo",
        perform_ping_check=False,
        queues=[topology.prefixed("story")],
        shutdown_timeout=30,
    ):
        yield
    app.conf.task_default_queue = before


def test_the_trace_of_a_request_reaches_the_consumer(
    broker: Broker, spans: InMemorySpanExporter, worker: None
) -> None:
    story.heard.clear()
    listener = Consumer("tests.hearer", topology.HOUSE, "house.*.tests.story_told.v1", story.hear)
    answer = Client(headers={"traceparent": CALLER}).post(
        "/story/7/begin", headers={"host": "mara.localhost", "x-request-id": "request-0001"}
    )
    assert answer.status_code == 202
    eventually(lambda: outbox_rows() == 1, 30)
    Relay(broker).turn()
    (message,) = stored(broker)
    service = Runner(broker, [listener])
    service.start()
    eventually(lambda: len(story.heard) == 1)
    service.stop()

    with place("mara").enter():
        row = OutboxMessage.objects.get()
        audited = dict(
            AuditRecord.objects.filter(trace_id=TRACE).values_list("use_case", "request_id")
        )
    assert row.traceparent.split("-")[1] == TRACE
    assert message.headers["traceparent"].split("-")[1] == TRACE
    assert message.body["traceparent"] == row.traceparent
    assert story.heard == [(str(row.id), TRACE)]
    assert audited == {"tests.begin_story": "request-0001", "tests.tell_story": "request-0001"}

    own = [span for span in spans.get_finished_spans() if trace_of(span) == TRACE]
    assert path_to_root(own, "consume tests.hearer") == [
        "consume tests.hearer",
        "publish tests.story_told",
        "tests.tell_story",
        "run/tests.tell_story",
        "apply_async/tests.tell_story",
        "tests.begin_story",
        "POST story/<int:number>/begin",
    ]
    kinds = {span.name: span.kind for span in own}
    assert kinds["publish tests.story_told"] is SpanKind.PRODUCER
    assert kinds["consume tests.hearer"] is SpanKind.CONSUMER


def outbox_rows() -> int:
    with place("mara").enter():
        return OutboxMessage.objects.count()


def trace_of(span: ReadableSpan) -> str:
    assert span.context is not None
    return format(span.context.trace_id, "032x")


def path_to_root(spans: list[ReadableSpan], name: str) -> list[str]:
    """From the named span by its parents to the first that was begun here."""
    by_id = {span.context.span_id: span for span in spans if span.context is not None}
    (span,) = [span for span in spans if span.name == name]
    names = [span.name]
    while span.parent is not None and span.parent.span_id in by_id:
        span = by_id[span.parent.span_id]
        names.append(span.name)
    return names
