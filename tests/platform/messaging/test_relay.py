"""Committed events reach the stream: at least once, in order, and under one id."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from apps.platform.events import record
from apps.platform.messaging import outbox, wakeup
from apps.platform.messaging import relay as relay_module
from apps.platform.messaging.broker import Answers, Broker, Outgoing
from apps.platform.messaging.errors import BrokerUnavailable
from apps.platform.messaging.relay import Relay
from apps.platform.messaging.tenants import ready_places
from tests.platform.messaging.house import (
    OrderNoted,
    OwnNATS,
    Stored,
    database_url,
    eventually,
    free_port,
    nats_url,
    note_order,
    own_broker,
    place,
    stored,
    unpublished,
)

pytestmark = pytest.mark.usefixtures("books")


def sequences(messages: Sequence[Stored]) -> dict[str, list[int]]:
    by_aggregate = defaultdict(list)
    for message in messages:
        by_aggregate[message.body["subject"]].append(int(message.body["sequence"]))
    return by_aggregate


def test_an_event_becomes_a_cloud_event_on_its_tenants_subject(broker: Broker, prefix: str) -> None:
    id = note_order(7)
    turn = Relay(broker).turn()
    (message,) = stored(broker)

    assert (turn.published, turn.unconfirmed) == (1, 0)
    assert message.subject == f"{prefix}house.mara.tests.order_noted.v1"
    assert message.headers["Nats-Msg-Id"] == id
    assert message.headers["Content-Type"] == "application/cloudevents+json"
    time = message.body.pop("time")
    assert time.endswith("Z")
    assert message.body == {
        "specversion": "1.0",
        "id": id,
        "source": "/tenants/mara",
        "type": "countinghouse.tests.order_noted.v1",
        "subject": "ord_1",
        "datacontenttype": "application/json",
        "tenantid": str(place("mara").id),
        "sequence": "0000000001",
        "data": {"number": 7},
    }
    assert unpublished() == 0
    assert Relay(broker).turn().published == 0


def test_each_tenant_and_the_platform_itself_is_relayed(broker: Broker, prefix: str) -> None:
    for slug in ("mara", "baobab", "platform"):
        note_order(1, slug=slug)
    assert Relay(broker).turn().published == 3
    assert {message.subject.split(".")[1] for message in stored(broker)} == {
        "mara",
        "baobab",
        "platform",
    }


def test_what_is_rolled_back_is_never_told(broker: Broker) -> None:
    with place("mara").enter(), transaction.atomic():
        record(OrderNoted(1), aggregate="ord_1")
        transaction.set_rollback(True)
    assert Relay(broker).turn().published == 0


def test_a_transaction_that_commits_late_is_not_lost(broker: Broker) -> None:
    """Its row has the older id and time, and appears after younger ones were published."""
    is_written, may_commit = threading.Event(), threading.Event()
    late: list[str] = []

    def slow() -> None:
        with place("mara").enter(), transaction.atomic():
            late.append(str(record(OrderNoted(1), aggregate="ord_late")))
            is_written.set()
            may_commit.wait(10)
        connection.close()

    writer = threading.Thread(target=slow)
    writer.start()
    is_written.wait(10)
    early = note_order(2, "ord_early")
    relay = Relay(broker)
    assert relay.turn().published == 1
    may_commit.set()
    writer.join()
    assert relay.turn().published == 1
    assert late[0] < early
    assert [message.id for message in stored(broker)] == [early, late[0]]


def test_two_relays_at_once_publish_everything_once_and_in_order(
    broker: Broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbox, "CLAIM_MAX", 20)
    monkeypatch.setattr(outbox, "CLAIM_OF_AGGREGATE_MAX", 3)
    stop = threading.Event()
    written = 0

    def relaying() -> None:
        Relay(broker).run(stop)
        connection.close()

    relays = [threading.Thread(target=relaying) for _ in range(2)]
    for relay in relays:
        relay.start()
    for number in range(300):
        note_order(number, f"ord_{number % 7}")
        written += 1
    eventually(lambda: unpublished() == 0)
    stop.set()
    for relay in relays:
        relay.join()

    messages = stored(broker)
    assert len(messages) == len({message.id for message in messages}) == written
    for numbers in sequences(messages).values():
        assert numbers == list(range(1, len(numbers) + 1))


def test_the_next_relay_leaves_an_aggregate_alone_that_another_holds(
    broker: Broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Though only the first of its rows is locked."""
    for number in range(3):
        note_order(number, "ord_held")
    monkeypatch.setattr(outbox, "CLAIM_MAX", 1)
    held, let_go = threading.Event(), threading.Event()

    def hold() -> None:
        with place("mara").enter(), transaction.atomic():
            assert len(outbox.claim(place("mara"))) == 1
            held.set()
            let_go.wait(10)
        connection.close()

    holder = threading.Thread(target=hold)
    holder.start()
    held.wait(10)
    monkeypatch.setattr(outbox, "CLAIM_MAX", 500)
    note_order(1, "ord_free")
    assert Relay(broker).turn().published == 1
    let_go.set()
    holder.join()
    assert Relay(broker).turn().published == 3


class DeafTo(Broker):
    """Confirms everything but one message."""

    deaf_to = ""

    def publish(self, messages: Sequence[Outgoing]) -> Answers:
        heard = [message for message in messages if message.id != self.deaf_to]
        answers = super().publish(heard) if heard else Answers(frozenset())
        return Answers(answers.confirmed, "one was not heard")


def test_an_aggregate_stops_at_what_was_not_confirmed(broker: Broker) -> None:
    first, second, third = (note_order(number, "ord_1") for number in range(3))
    other = note_order(9, "ord_2")
    deaf = DeafTo(nats_url(), "deaf")
    deaf.start()
    deaf.deaf_to = second
    turn = Relay(deaf).turn()
    deaf.stop()
    assert (turn.published, turn.unconfirmed) == (2, 2)
    assert {message.id for message in stored(broker)} == {first, other}
    assert Relay(broker).turn().published == 2
    assert [message.id for message in stored(broker)][2:] == [second, third]


CRASHING = """
import os, signal, sys, threading
import django
django.setup()
from django.conf import settings
settings.MESSAGING_PREFIX = sys.argv[1]
from apps.platform.messaging import outbox
from apps.platform.messaging.process import connected
from apps.platform.messaging.relay import Relay
outbox.mark_published = lambda place, ids: os.kill(os.getpid(), signal.SIGKILL)
with connected("crashing") as broker:
    Relay(broker).turn()
"""


def test_a_relay_killed_between_publishing_and_marking_repeats_under_the_same_ids(
    broker: Broker, prefix: str
) -> None:
    ids = {note_order(number, f"ord_{number % 3}") for number in range(10)}
    crash = subprocess.run(
        [sys.executable, "-c", CRASHING, prefix],
        env={**os.environ, "DATABASE_URL": database_url()},
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert crash.returncode == -signal.SIGKILL, crash.stderr.decode()
    assert unpublished() == 10
    assert {message.id for message in stored(broker)} == ids

    eventually(lambda: Relay(broker).turn().published == 10)
    assert unpublished() == 0
    assert [message.id for message in stored(broker)].count(next(iter(ids))) == 1


@pytest.mark.servers
def test_a_broker_killed_while_events_are_published_loses_none(nats: OwnNATS, prefix: str) -> None:
    stop = threading.Event()
    with own_broker(nats) as broker:

        def relaying() -> None:
            Relay(broker).run(stop)
            connection.close()

        relay = threading.Thread(target=relaying)
        relay.start()
        ids = []
        for number in range(200):
            if number in (50, 120):
                nats.kill()
            if number in (80, 150):
                nats.start()
            ids.append(note_order(number, f"ord_{number % 5}"))
            time.sleep(0.005)
        eventually(lambda: unpublished() == 0, 30)
        stop.set()
        relay.join()
        messages = stored(broker)
    assert {message.id for message in messages} == set(ids)
    for numbers in sequences(messages).values():
        assert list(dict.fromkeys(numbers)) == list(range(1, 41))


@pytest.mark.servers
def test_a_broker_that_is_away_is_said_so_and_nothing_is_marked(nats: OwnNATS, prefix: str) -> None:
    note_order(1)
    nats.kill()
    with own_broker(nats) as broker, pytest.raises(BrokerUnavailable):
        Relay(broker).turn()
    assert unpublished() == 1


def relayed(broker: Broker, count: int, monkeypatch: pytest.MonkeyPatch, pause: float) -> float:
    """How long some events take, one by one, with a relay that looks by itself every ``pause``."""
    monkeypatch.setattr(relay_module, "BUSY_POLL_SECONDS", pause)
    monkeypatch.setattr(relay_module, "IDLE_POLL_SECONDS", pause)
    stop, relay = threading.Event(), Relay(broker)
    relay.turn()

    def relaying() -> None:
        relay.run(stop)
        connection.close()

    thread = threading.Thread(target=relaying)
    thread.start()
    note_order(0, "ord_first")
    eventually(lambda: unpublished() == 0)
    started = time.monotonic()
    for number in range(count):
        note_order(number, f"ord_{number}")
        eventually(lambda: unpublished() == 0)
    taken = time.monotonic() - started
    stop.set()
    note_order(1, "ord_last")  # the bell that ends its pause
    thread.join()
    return taken


def test_a_commit_wakes_the_relay(broker: Broker, monkeypatch: pytest.MonkeyPatch) -> None:
    assert relayed(broker, 5, monkeypatch, pause=30) < 5


def test_nothing_is_lost_when_nobody_hears_the_bell(
    broker: Broker, monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> None:
    monkeypatch.setattr(wakeup, "_ringer", wakeup._Ringer())
    settings.ENV = replace(settings.ENV, redis_url=f"redis://127.0.0.1:{free_port()}/0")
    assert relayed(broker, 3, monkeypatch, pause=0.05) < 5
    assert {0, 1, 2} <= {message.body["data"]["number"] for message in stored(broker)}


def test_looking_when_nothing_waits_costs_one_statement(broker: Broker) -> None:
    relay = Relay(broker)
    relay.turn()
    with CaptureQueriesContext(connection) as captured:
        relay.turn()
        relay.turn()
    assert len(captured) == 0  # through Django; the look itself is a prepared statement beside it
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT statement, generic_plans + custom_plans FROM pg_prepared_statements"
            " WHERE statement LIKE '%platform_outbox_message%UNION ALL%'"
        )
        ((statement, runs),) = cursor.fetchall()
    assert statement.count("platform_outbox_message") == len(ready_places())
    assert runs >= 3


def test_the_look_reads_one_index_entry_of_each_schema(books: None) -> None:
    with place("mara").enter(), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute(
            "EXPLAIN SELECT recorded_at FROM platform_outbox_message"
            " WHERE published_at IS NULL ORDER BY recorded_at LIMIT 1"
        )
        plan = "\n".join(row[0] for row in cursor.fetchall())
    assert "platform_outbox_unpublished" in plan
