"""Consumers on real streams: redelivery, poison, slow handlers, brokers and processes that die."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from django.db import connection
from nats.aio.msg import Msg

from apps.platform import metrics
from apps.platform.messaging import InboundEvent, inbox, runner, topology
from apps.platform.messaging.broker import Broker
from apps.platform.messaging.consumers import Consumer, consumer_named, forget
from apps.platform.messaging.consumers import consumer as register
from apps.platform.messaging.runner import Runner
from apps.platform.models import DeadLetter, OutboxMessage
from apps.platform.tenant import current_tenant
from tests.platform.messaging.house import (
    OwnNATS,
    database_url,
    delete_streams,
    eventually,
    free_port,
    nats_url,
    note_order,
    order_placed,
    own_broker,
    place,
    say,
    told,
)

pytestmark = pytest.mark.usefixtures("books")
Handle = Callable[[InboundEvent], None]


def listener(handle: Handle, name: str = "tests.listener") -> Consumer:
    return Consumer(name, topology.FOOD, "food.*.order.placed.v1", handle)


@contextmanager
def running(broker: Broker, *consumers: Consumer) -> Iterator[Runner]:
    service = Runner(broker, consumers)
    service.start()
    try:
        yield service
    finally:
        service.stop()


def place_order(broker: Broker, id: str, slug: str = "mara") -> None:
    say(broker, f"food.{slug}.order.placed.v1", order_placed(id))


def note(event: InboundEvent) -> None:
    note_order(1, f"seen_{event.id}", current_tenant().slug)


def effects(slug: str = "mara") -> Counter[str]:
    with place(slug).enter():
        return Counter(OutboxMessage.objects.values_list("aggregate", flat=True))


def test_each_event_is_handled_once_for_its_tenant(broker: Broker) -> None:
    for number in range(40):
        place_order(broker, str(number), "mara" if number % 2 else "baobab")
    with running(broker, listener(note)):
        eventually(lambda: len(effects("mara")) + len(effects("baobab")) == 40)
    assert effects("mara") == Counter({f"seen_{number}": 1 for number in range(1, 40, 2)})
    assert effects("baobab") == Counter({f"seen_{number}": 1 for number in range(0, 40, 2)})


def test_an_event_is_handled_at_once_when_it_comes(broker: Broker) -> None:
    arrived = threading.Event()
    with running(broker, listener(lambda _event: arrived.set())):
        place_order(broker, "warm-up")
        assert arrived.wait(10)
        arrived.clear()
        started = time.monotonic()
        place_order(broker, "1")
        assert arrived.wait(10)
        assert time.monotonic() - started < 0.5


def test_a_lost_acknowledgement_has_no_second_effect(
    broker: Broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The server delivers again and again; the inbox says that it is done."""
    monkeypatch.setattr("apps.platform.messaging.broker.ACK_WAIT_SECONDS", 1)
    lost: list[str] = []

    async def lose(message: Msg, verdict: inbox.Verdict) -> None:
        lost.append(verdict.outcome)
        if len(lost) >= 4:
            await message.ack()

    monkeypatch.setattr(runner, "_settle", lose)
    place_order(broker, "1")
    with running(broker, listener(note)):
        eventually(lambda: len(lost) >= 4)
    assert lost[:4] == ["handled", "repeated", "repeated", "repeated"]
    assert effects() == Counter({"seen_1": 1})


def test_a_poisonous_event_holds_up_nobody_and_dies(
    broker: Broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inbox, "RETRY_SECONDS", (0.05,))

    def handle(event: InboundEvent) -> None:
        if event.id == "bad":
            raise RuntimeError("no such restaurant")
        note(event)

    place_order(broker, "bad")
    for number in range(10):
        place_order(broker, str(number))
    with running(broker, listener(handle)):
        eventually(lambda: len(effects()) == 10)
        eventually(lambda: dead("mara") == ["bad"])
        place_order(broker, "after")
        eventually(lambda: len(effects()) == 11)
    assert pending(broker) == (0, 0)


def dead(slug: str) -> list[str]:
    with place(slug).enter():
        return list(DeadLetter.objects.values_list("event_id", flat=True))


def pending(broker: Broker) -> tuple[int, int]:
    """Not delivered yet, and delivered but not acknowledged."""

    async def ask() -> tuple[int, int]:
        context = await broker.jetstream()
        info = await context.consumer_info(topology.stream_name("FOOD"), "tests-listener")
        return info.num_pending or 0, info.num_ack_pending or 0

    time.sleep(0.2)  # acknowledgements are not confirmed
    return broker.call(ask(), 5)


def test_a_slow_event_is_not_delivered_again_and_holds_up_only_its_lane(
    broker: Broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("apps.platform.messaging.broker.ACK_WAIT_SECONDS", 1)
    monkeypatch.setattr(runner, "ACK_WAIT_SECONDS", 1)
    calls: list[str] = []

    def handle(event: InboundEvent) -> None:
        calls.append(event.id)
        if event.id == "slow":
            time.sleep(3)
        note(event)

    with running(broker, listener(handle, "tests.slow")):
        place_order(broker, "slow")
        eventually(lambda: calls == ["slow"])
        for number in range(12):
            place_order(broker, str(number))
        eventually(lambda: len(effects()) >= 6, 2.5)
        assert "seen_slow" not in effects()
        eventually(lambda: len(effects()) == 13)
        time.sleep(0.5)
    text = metrics.exposition(with_readings=False).decode()
    assert 'house_events_handled_total{consumer="tests.slow",outcome="handled"} 13.0' in text
    assert 'house_events_redelivered_total{consumer="tests.slow"}' not in text
    assert calls.count("slow") == 1


def test_stopping_finishes_what_is_in_hand(broker: Broker) -> None:
    begun = threading.Event()

    def handle(event: InboundEvent) -> None:
        begun.set()
        time.sleep(1)
        note(event)

    service = Runner(broker, [listener(handle)])
    service.start()
    place_order(broker, "1")
    assert begun.wait(10)
    service.stop()
    assert effects() == Counter({"seen_1": 1})
    assert pending(broker) == (0, 0)


def test_two_processes_share_the_work(broker: Broker) -> None:
    another = Broker(nats_url(), "another")
    another.start()
    hands: Counter[str] = Counter()

    def by(who: str) -> Handle:
        def handle(event: InboundEvent) -> None:
            hands[who] += 1
            time.sleep(0.01)
            note(event)

        return handle

    with running(broker, listener(by("first"))), running(another, listener(by("second"))):
        for number in range(60):
            place_order(broker, str(number))
        eventually(lambda: len(effects()) == 60)
    another.stop()
    assert set(effects().values()) == {1}
    assert min(hands["first"], hands["second"]) > 5


def test_consumers_come_back_after_their_stream_was_deleted(broker: Broker) -> None:
    with running(broker, listener(note)):
        place_order(broker, "1")
        eventually(lambda: len(effects()) == 1)
        delete_streams(broker)
        place_order(broker, "2")
        eventually(lambda: len(effects()) == 2, 25)


@pytest.mark.servers
def test_a_broker_killed_between_deliveries_loses_none_and_repeats_none(
    nats: OwnNATS, prefix: str
) -> None:
    with own_broker(nats) as broker:
        for number in range(60):
            place_order(broker, str(number))
        with running(broker, listener(note)):
            eventually(lambda: len(effects()) > 10)
            nats.kill()
            time.sleep(0.5)
            nats.start()
            eventually(lambda: len(effects()) == 60, 60)
    assert set(effects().values()) == {1}


def test_lag_redeliveries_and_outcomes_are_counted(
    broker: Broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inbox, "RETRY_SECONDS", (0.05,))
    monkeypatch.setattr(runner, "INFO_SECONDS", 0.0)
    tries: Counter[str] = Counter()

    def handle(event: InboundEvent) -> None:
        tries[event.id] += 1
        if tries[event.id] < 3:
            raise RuntimeError("not yet")

    with running(broker, listener(handle, "tests.counted")):
        place_order(broker, "1")
        eventually(lambda: tries["1"] == 3)
    text = metrics.exposition(with_readings=False).decode()
    assert 'house_events_handled_total{consumer="tests.counted",outcome="failed"} 2.0' in text
    assert 'house_events_handled_total{consumer="tests.counted",outcome="handled"} 1.0' in text
    assert 'house_events_redelivered_total{consumer="tests.counted"} 2.0' in text
    assert 'house_consumer_pending{consumer="tests.counted"} 0.0' in text


PROGRAM = """
import sys
import django
django.setup()
from django.conf import settings
from django.core.management import call_command
settings.MESSAGING_PREFIX = sys.argv[1]
import tests.platform.messaging.test_delivery as here
here.register(name="tests.child", stream="FOOD", subject="food.*.order.placed.v1")(here.note)
call_command(*sys.argv[2:])
"""


def start_child(prefix: str, *command: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-c", PROGRAM, prefix, *command],
        env={**os.environ, "DATABASE_URL": database_url(), "LOG_FORMAT": "json"},
        stderr=subprocess.PIPE,
    )


def finish(child: subprocess.Popen[bytes]) -> list[dict[str, object]]:
    """End it with SIGTERM; its log."""
    child.send_signal(signal.SIGTERM)
    _out, errors = child.communicate(timeout=40)
    assert child.returncode == 0, errors.decode()
    return [json.loads(line) for line in errors.decode().splitlines() if line.startswith("{")]


def test_the_commands_run_and_end_on_sigterm(broker: Broker, prefix: str) -> None:
    ports = free_port(), free_port()
    relay = start_child(prefix, "run_relay", "--metrics-port", str(ports[0]))
    consumers = start_child(
        prefix, "run_consumers", "--only", "tests.child", "--metrics-port", str(ports[1])
    )
    try:
        place_order(broker, "1")
        eventually(lambda: len(effects()) == 1, 100)
        eventually(lambda: published() == 1, 60)
        eventually(lambda: "house_events_published_total 1.0" in told(ports[0]), 60)
        eventually(lambda: "house_event_lag_seconds 0.0" in told(ports[0]), 60)
        handled = 'consumer="tests.child",outcome="handled"} 1.0'
        eventually(lambda: handled in told(ports[1]), 60)
        logs = finish(relay), finish(consumers)
    finally:
        for child in (relay, consumers):
            child.kill()
            child.wait()
    for log, name in zip(logs, ("relay", "consumers"), strict=True):
        said = [line["event"] for line in log if line.get("process") == name]
        assert said == ["process.started", "process.stopped"]
    done = [line for line in logs[1] if line["event"] == "event.done"]
    assert (done[0]["tenant"], done[0]["consumer"]) == ("mara", "tests.child")
    assert done[0]["request_id"] == "1"


def published() -> int:
    with place("mara").enter():
        return OutboxMessage.objects.filter(published_at__isnull=False).count()


def test_a_consumer_that_does_not_exist_is_refused() -> None:
    register(name="tests.known", stream="FOOD", subject="food.*.order.placed.v1")(note)
    assert consumer_named("tests.known").handle is note
    forget("tests.known")
    connection.close()
