"""The outbox relay: how many events a second reach JetStream, and how long one takes when idle."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

from django.db import connection, connections

from apps.ledger.services import post_entry
from apps.platform.actors import SYSTEM
from apps.platform.ids import new_id
from apps.platform.messaging import topology
from apps.platform.messaging.broker import Broker
from apps.platform.messaging.relay import Relay
from apps.tenancy.contexts import inside
from apps.tenancy.models import Tenant
from tests.benchmarks.books import Books, tenant
from tests.benchmarks.crowd import Tally, server_seconds
from tests.benchmarks.figures import Report
from tests.benchmarks.nats import served
from tests.benchmarks.scale import Scale

EVENTS_A_SECOND = 10_000
LAG_MS = 1.5
LAGS = 300
#: Between two events of an idle house.
QUIET_SECONDS = 0.02
FILL = """
    INSERT INTO platform_outbox_message (tenant, id, name, version, aggregate, sequence, payload,
                                         traceparent, correlation, recorded_at)
    SELECT %s, id, 'ledger.entry_posted', 1, 'je_' || id, 1,
           jsonb_build_object('entry_id', id, 'kind', 'bench', 'value_date', '2026-03-02',
               'totals', '[{"amount_minor": 5, "currency": "KES"}]'::jsonb, 'source_event', '',
               'reverses_id', null),
           '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01', '', clock_timestamp()
      FROM (SELECT uuidv7() AS id FROM generate_series(1, %s)) made
"""


def run(report: Report, scale: Scale) -> None:
    """Full outboxes with two ways of keeping the stream; then single events."""
    where = tenant()
    report.title("relay: outbox to JetStream, each event confirmed")
    for name, sync, is_promised in (
        ("the stream is written, and synced every 2 minutes", '"2m"', True),
        ("the stream is synced before each confirmation", "always", False),
    ):
        with relaying(sync) as broker:
            tally = _drained(where, broker, scale.events)
        report.row(name, tally)
        if is_promised:
            report.at_least("relay, events a second", tally.rate, EVENTS_A_SECOND, "/s")
    with relaying('"2m"') as broker:
        lags = sorted(_lags(where, broker))
    p50, p99 = lags[len(lags) // 2], lags[len(lags) * 99 // 100]
    report.say(f"idle: commit to the stream's reader p50 {p50:.2f} ms, p99 {p99:.2f} ms")
    report.at_most("relay, median lag when idle", p50, LAG_MS, " ms")


@contextmanager
def relaying(sync: str) -> Iterator[Broker]:
    """A broker on a server of its own, which keeps its streams that way."""
    with TemporaryDirectory() as folder, served(Path(folder), sync) as url:
        broker = Broker(url, "benchmark")
        broker.start()
        try:
            yield broker
        finally:
            broker.stop()


def _drained(where: Tenant, broker: Broker, events: int) -> Tally:
    """A full outbox, emptied by one relay."""
    relay = Relay(broker)
    with inside(where), connection.cursor() as cursor:
        cursor.execute(
            "UPDATE platform_outbox_message SET published_at = now() WHERE published_at IS NULL"
        )
        cursor.execute(FILL, [where.id, events])
        cursor.execute("ANALYZE platform_outbox_message")
    relay.turn()
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        server = cursor.fetchone()[0]
    published, before = 0, server_seconds(server)
    started, client = time.perf_counter(), time.process_time()
    while turn := relay.turn().published:
        published += turn
    seconds = time.perf_counter() - started
    return Tally(
        rate=published / seconds,
        client_us=(time.process_time() - client) / published * 1e6,
        server_us=(server_seconds(server) - before) / published * 1e6,
        p50_ms=0.0,
        p99_ms=0.0,
    )


def _lags(where: Tenant, broker: Broker) -> list[float]:
    """From the commit of a posting to whoever reads the stream, one event at a time."""
    books = Books(f"relay.{new_id()}", 2)
    arrived, stop = threading.Event(), threading.Event()

    async def listen() -> None:
        context = await broker.jetstream()

        async def heard(_message: object) -> None:
            arrived.set()

        await context._nc.subscribe(f"{topology.prefixed('house')}.>", cb=heard)

    broker.call(listen(), 10)

    def work() -> None:
        Relay(broker).run(stop)
        connections.close_all()

    thread = threading.Thread(target=work)
    thread.start()
    lags, random = [], Random(1)
    time.sleep(1)
    arrived.clear()
    for _ in range(LAGS):
        time.sleep(QUIET_SECONDS)
        arrived.clear()
        post_entry(draft=books.draft(random), idempotency_key=str(new_id()), actor=SYSTEM)
        started = time.perf_counter()
        arrived.wait(5)
        lags.append((time.perf_counter() - started) * 1000)
    stop.set()
    thread.join()
    return lags
