"""What every long-running command of messaging does at its start and end."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event as Signal
from typing import Any

import structlog
from django.conf import settings
from django.core.management.base import CommandParser

from apps.platform import metrics
from apps.platform.messaging.broker import Broker

logger = structlog.get_logger("house.process")


def add_metrics_arguments(parser: CommandParser) -> None:
    """``--metrics-port`` and ``--metrics-host``."""
    parser.add_argument(
        "--metrics-port", type=int, default=0, help="tell metrics on this port; 0 does not"
    )
    parser.add_argument(
        "--metrics-host",
        default="127.0.0.1",
        help="address to tell them on; in a container 0.0.0.0",
    )


@contextmanager
def running(name: str, options: dict[str, Any], *, with_readings: bool) -> Iterator[Signal]:
    """Within the block the process answers for its metrics and SIGTERM or SIGINT set the signal."""
    stop = Signal()
    before = {
        number: signal.signal(number, lambda *_: stop.set())
        for number in (signal.SIGTERM, signal.SIGINT)
    }
    port = options["metrics_port"]
    untell = metrics.serve(port, options["metrics_host"], with_readings=with_readings)
    logger.info("process.started", process=name, metrics_port=port)
    try:
        yield stop
    finally:
        untell()
        for number, handler in before.items():
            signal.signal(number, handler)
        logger.info("process.stopped", process=name)


@contextmanager
def connected(name: str) -> Iterator[Broker]:
    """A started broker, stopped afterwards."""
    broker = Broker(settings.ENV.nats_url, f"countinghouse-{name}")
    broker.start()
    try:
        yield broker
    finally:
        broker.stop()
