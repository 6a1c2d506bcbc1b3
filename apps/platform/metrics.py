"""Metrics of the house. Names are ``house_<area>_<what>_<unit>``; labels have few values.

Where several processes share one scrape address (a web server or Celery with child processes),
``PROMETHEUS_MULTIPROC_DIR`` names a directory through which they add up; the Prometheus library
reads it itself. One process per container needs none.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from threading import Thread
from time import monotonic

import structlog
from prometheus_client import (
    REGISTRY,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    generate_latest,
    start_http_server,
)
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead
from prometheus_client.registry import Collector

from apps.platform.tenant import database

logger = structlog.get_logger("house.metrics")

#: How long what was read from the database is repeated to the next scrapes.
READING_SECONDS = 10.0
#: More tenants than this are summed under the label ``other``.
TENANT_LABELS_MAX = 50

_FINE = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)

HTTP_SECONDS = Histogram(
    "house_http_request_seconds",
    "Time to answer a request, by the route's pattern, method and status.",
    ["route", "method", "status"],
    buckets=_FINE,
)
USE_CASE_SECONDS = Histogram(
    "house_use_case_seconds",
    "Time of a use case, its transaction included.",
    ["use_case", "outcome"],
)
RPC_SECONDS = Histogram(
    "house_rpc_seconds",
    "Time to answer a call at the door, by method and Connect's code.",
    ["method", "code"],
    buckets=(0.001, 0.0025, *_FINE),
)
LEDGER_ENTRIES = Counter("house_ledger_entries", "Journal entries written.")
EVENTS_PUBLISHED = Counter("house_events_published", "Events JetStream has confirmed.")
EVENTS_REFUSED = Counter(
    "house_events_unconfirmed", "Publications that were not confirmed; the relay repeats them."
)
PUBLISH_DELAY_SECONDS = Histogram(
    "house_event_publish_delay_seconds",
    "Time from recording an event to JetStream's confirmation.",
    buckets=(0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 60, 600, 3600),
)
EVENTS_HANDLED = Counter(
    "house_events_handled", "Deliveries to a consumer, by outcome.", ["consumer", "outcome"]
)
EVENTS_REDELIVERED = Counter(
    "house_events_redelivered", "Deliveries that were not the first.", ["consumer"]
)
HANDLER_SECONDS = Histogram(
    "house_event_handler_seconds", "Time of one delivery.", ["consumer"], buckets=_FINE
)
CONSUMER_PENDING = Gauge(
    "house_consumer_pending",
    "Events on the stream that the consumer has not been given yet.",
    ["consumer"],
    multiprocess_mode="mostrecent",
)
ROWS_PURGED = Counter("house_rows_purged", "Rows that have had their time, by table.", ["table"])


def entries_posted(count: int = 1) -> None:
    """The ledger tells how many journal entries it wrote. Call it once they are committed."""
    LEDGER_ENTRIES.inc(count)


@dataclass(frozen=True, slots=True)
class Reading:
    """A figure read from the database when somebody asks for metrics.

    ``read`` runs in the public schema and answers by value of ``label``: ``{"mara": 3.0}``, or
    ``{"": 3.0}`` without a label. Every process that serves readings tells the same figure, so
    queries take ``max``, never ``sum``.
    """

    name: str
    about: str
    read: Callable[[], Mapping[str, float]]
    label: str = ""


_readings: list[Reading] = []


def measure(reading: Reading) -> None:
    """Add a reading; called from an app's ``ready``. The same name again replaces it."""
    _readings[:] = [known for known in _readings if known.name != reading.name] + [reading]


def by_tenant(figures: Mapping[str, float]) -> dict[str, float]:
    """At most ``TENANT_LABELS_MAX`` tenants by name, the largest figures first; the rest summed."""
    ranked = sorted(figures.items(), key=lambda item: (-item[1], item[0]))
    named = dict(ranked[:TENANT_LABELS_MAX])
    rest = ranked[TENANT_LABELS_MAX:]
    if rest:
        named["other"] = sum(figure for _tenant, figure in rest)
    return named


class _Readings(Collector):
    """Reads at scrape time, at most once in ``READING_SECONDS``."""

    def __init__(self) -> None:
        self._read_at = float("-inf")
        self._families: list[Metric] = []

    def collect(self) -> Iterable[Metric]:
        if monotonic() - self._read_at > READING_SECONDS:
            self._families = [family for reading in _readings if (family := _family(reading))]
            self._read_at = monotonic()
        return self._families


def _family(reading: Reading) -> Metric | None:
    labels = [reading.label] if reading.label else []
    family = GaugeMetricFamily(reading.name, reading.about, labels=labels)
    before = database.tenant
    database.set_schema_to_public()
    try:
        for value, figure in reading.read().items():
            family.add_metric([value] if reading.label else [], figure)
    except Exception:
        logger.warning("metrics.unreadable", metric=reading.name, exc_info=True)
        return None
    finally:
        database.set_tenant(before)
    return family


_cached_readings = _Readings()


def exposition(*, with_readings: bool) -> bytes:
    """Everything there is to tell, as Prometheus text."""
    return generate_latest(registry(with_readings=with_readings))


def registry(*, with_readings: bool) -> CollectorRegistry:
    """The metrics of this process, or those of all that share ``PROMETHEUS_MULTIPROC_DIR``."""
    told = CollectorRegistry()
    try:
        MultiProcessCollector(told)  # type: ignore[no-untyped-call]  # the library's
    except ValueError:  # the variable is not set
        told.register(REGISTRY)
    if with_readings:
        told.register(_cached_readings)
    return told


def forget_process(pid: int) -> None:
    """A process that shared ``PROMETHEUS_MULTIPROC_DIR`` has ended."""
    try:
        MultiProcessCollector(CollectorRegistry())  # type: ignore[no-untyped-call]  # the library's
    except ValueError:  # the variable is not set
        return
    mark_process_dead(pid)  # type: ignore[no-untyped-call]  # the library's


def serve(port: int, host: str, *, with_readings: bool) -> Callable[[], None]:
    """Tell the metrics on ``host:port`` until the returned function is called. Port 0: nowhere."""
    if port == 0:
        return lambda: None
    told: CollectorRegistry = _OwnConnection(with_readings=with_readings)
    server, thread = start_http_server(port, host, registry=told)

    def stop() -> None:
        server.shutdown()
        server.server_close()
        _join(thread)

    return stop


def _join(thread: Thread) -> None:
    thread.join(timeout=5)


class _OwnConnection(CollectorRegistry):
    """The exporter's thread gives its database connection back after each scrape."""

    def __init__(self, *, with_readings: bool) -> None:
        super().__init__()
        self.register(registry(with_readings=with_readings))

    def collect(self) -> Iterable[Metric]:
        try:
            yield from super().collect()
        finally:
            database.close()
