"""Celery: a wake-up, never the truth. Every due row is found again by a sweep."""

from __future__ import annotations

import os
from typing import Any

import django
import structlog
from celery import Celery, bootsteps, signals
from click import Option
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import DEFAULT_DB_ALIAS, connections
from kombu import Queue

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.local")

from apps.platform import context, metrics
from config import telemetry
from config.env import load

logger = structlog.get_logger("house.process")

app = Celery("countinghouse", broker=load().redis_url, task_cls="apps.tenancy.workers:TenantTask")
app.conf.update(
    task_acks_late=True,
    task_reject_on_worker_lost=True,
    task_ignore_result=True,
    task_time_limit=300,
    task_soft_time_limit=240,
    task_serializer="json",
    accept_content=["json"],
    worker_prefetch_multiplier=1,
    worker_hijack_root_logger=False,
    worker_cancel_long_running_tasks_on_connection_loss=True,
    broker_connection_retry_on_startup=True,
    broker_transport_options={
        "visibility_timeout": 600,
        "unacked_restore_throttle": 1,
        "socket_timeout": 10,
        "socket_connect_timeout": 5,
        "retry_on_timeout": True,
    },
    timezone="UTC",
    # "webhooks" waits for strangers' servers. A worker without --queues takes from both; a house
    # with many receivers gives it workers of its own, and the others --queues celery.
    task_queues=[Queue("celery"), Queue("webhooks")],
    task_routes={"webhooks.deliver": {"queue": "webhooks"}},
    beat_schedule_filename="var/celerybeat-schedule",
)
app.set_default()  # for every thread: web servers and consumers send from several
app.config_from_object("config.schedule")
app.autodiscover_tasks()

REQUEST_ID = "house_request_id"
CORRELATION = "house_correlation"
TASK_FIELDS = ("task", "task_id")
_before: dict[str, tuple[str, str]] = {}

app.user_options["worker"].update(
    {
        Option(["--metrics-port"], type=int, default=0, help="tell metrics here; 0 does not"),
        Option(["--metrics-host"], default="127.0.0.1", help="in a container 0.0.0.0"),
    }
)


class TellMetrics(bootsteps.StartStopStep):
    """``celery worker --metrics-port N``: the worker tells its metrics over HTTP.

    The children of a prefork pool add theirs through ``PROMETHEUS_MULTIPROC_DIR``, an empty
    directory that must be set when the worker starts; without it they are not told.
    """

    requires = ("celery.worker.components:Pool",)

    def __init__(self, _parent: Any, **options: Any) -> None:
        self._port = options.get("metrics_port") or 0
        self._host = options.get("metrics_host") or "127.0.0.1"
        self._untell = metrics.serve(0, self._host, with_readings=False)

    def start(self, _parent: Any) -> None:
        """After the pool has forked: the thread that serves stays in the parent."""
        self._untell = metrics.serve(self._port, self._host, with_readings=False)
        logger.info("process.started", process="worker", metrics_port=self._port)

    def stop(self, _parent: Any) -> None:
        """Close the port."""
        self._untell()
        logger.info("process.stopped", process="worker")


app.steps["worker"].add(TellMetrics)


@signals.worker_init.connect(weak=False)
def refuse_unsafe_worker(**_about: object) -> None:
    """Before the pool forks. What a receiver raises is only logged, so the worker ends itself."""
    django.setup()
    from apps.tenancy.boot import refuse_to_start

    try:
        refuse_to_start()
    except ImproperlyConfigured as error:
        raise SystemExit(str(error)) from error
    connections.close_all()
    connections[DEFAULT_DB_ALIAS].close_pool()  # type: ignore[attr-defined]  # PostgreSQL's own: its threads do not survive a fork


@signals.setup_logging.connect(weak=False)
def keep_our_logging(**_about: object) -> None:
    """Celery leaves logging alone when somebody answers this. Settings have set it up."""
    settings.LOGGING  # noqa: B018  reads the settings, if nobody has


@signals.worker_process_init.connect(weak=False)
@signals.worker_ready.connect(weak=False)
def trace_worker(**_about: object) -> None:
    """In each child of a prefork pool, and in the worker itself for pools without children."""
    telemetry.set_up("worker")


@signals.beat_init.connect(weak=False)
def trace_beat(**_about: object) -> None:
    """The clockwork's messages begin traces of their own."""
    telemetry.set_up("beat")


@signals.worker_process_shutdown.connect(weak=False)
def forget_child(pid: int | None = None, **_about: object) -> None:
    """The metrics of a child that ended: its counters stay in the sum, its gauges go."""
    metrics.forget_process(pid or os.getpid())


@signals.before_task_publish.connect(weak=False)
def send_context(headers: dict[str, Any] | None = None, **_about: object) -> None:
    """The message says which request it came from."""
    if headers is not None:
        headers[REQUEST_ID] = context.request_id.get()
        headers[CORRELATION] = context.correlation.get()


@signals.task_prerun.connect(weak=False)
def take_context(task_id: str = "", task: Any = None, **_about: object) -> None:
    """The task logs and audits under that request's id; one that beat sent, under its own."""
    sent = {**(task.request.headers or {}), **vars(task.request)}
    _before[task_id] = (context.request_id.get(), context.correlation.get())
    context.request_id.set(sent.get(REQUEST_ID) or task_id)
    context.correlation.set(sent.get(CORRELATION) or "")
    structlog.contextvars.bind_contextvars(task=task.name, task_id=task_id)


@signals.task_postrun.connect(weak=False)
def drop_context(task_id: str = "", **_about: object) -> None:
    """The thread goes on to other work."""
    request_id, correlation = _before.pop(task_id, ("", ""))
    context.request_id.set(request_id)
    context.correlation.set(correlation)
    structlog.contextvars.unbind_contextvars(*TASK_FIELDS)
