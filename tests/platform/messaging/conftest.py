"""Messaging is tested with commits that last, real streams, and threads and processes beside."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from django.db import connection
from pytest_django import DjangoDbBlocker, Settings

from apps.platform.ids import new_id
from apps.platform.messaging.broker import Broker
from tests.platform.messaging.house import (
    OwnNATS,
    delete_streams,
    empty_tables,
    nats_url,
    nothing_waits,
)


@pytest.fixture
def books(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """The tenants' books with real commits; what messaging wrote is taken out again."""
    with django_db_blocker.unblock():
        connection.set_schema_to_public()  # type: ignore[attr-defined]
        empty_tables()
        nothing_waits()
        yield
        connection.set_schema_to_public()  # type: ignore[attr-defined]
        empty_tables()
        connection.close()


@pytest.fixture
def prefix(settings: Settings) -> str:
    """Streams and subjects of this test alone."""
    settings.MESSAGING_PREFIX = f"t{new_id().hex[-8:]}"
    return str(settings.MESSAGING_PREFIX)


@pytest.fixture
def broker(prefix: str) -> Iterator[Broker]:
    """The broker everyone uses, with streams of one's own."""
    broker = Broker(nats_url(), "test")
    broker.start()
    yield broker
    delete_streams(broker)
    broker.stop()


@pytest.fixture
def nats(tmp_path: Path) -> Iterator[OwnNATS]:
    """A server that may be killed."""
    server = OwnNATS(tmp_path)
    server.start()
    yield server
    server.kill()
