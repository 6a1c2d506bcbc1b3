"""The three servers: they keep what they were given, and strangers to their own subjects."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import urllib.request
from collections.abc import Awaitable, Callable, Iterator
from typing import TypeVar

import nats
import psycopg
import pytest
import redis
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.js.api import ConsumerConfig

from deploy.local.say import Voice
from deploy.local.stack import Stack, kept

T = TypeVar("T")
SUBJECTS = {"FOOD": "food.>", "HOUSE": "house.>"}


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with kept(tmp_path_factory.mktemp("var") / "kept", Voice(quiet=True), {}) as running:
        yield running


def talk(url: str, work: Callable[[Client], Awaitable[T]]) -> T:
    """One conversation with NATS."""

    async def conversation() -> T:
        async with await nats.connect(url, allow_reconnect=False) as client:
            return await work(client)

    return asyncio.run(conversation())


async def make_streams(client: Client) -> None:
    for name, subject in SUBJECTS.items():
        await client.jetstream().add_stream(name=name, subjects=[subject])


async def stored(client: Client) -> int:
    return int((await client.jetstream().stream_info("FOOD")).state.messages)


def publish(subject: str) -> Callable[[Client], Awaitable[bool]]:
    """Whether JetStream stored it."""

    async def work(client: Client) -> bool:
        try:
            await client.jetstream().publish(subject, b"{}", timeout=1)
        except nats.errors.Error:
            return False
        return True

    return work


def patiently(stack: Stack, ask: Callable[[], T]) -> T:
    """Ask until the server answers, letting the supervisor work meanwhile."""
    for _ in range(300):
        stack.supervisor.tick()
        try:
            return ask()
        except (OSError, psycopg.Error, redis.RedisError, nats.errors.Error):
            continue
    raise AssertionError("it never answered")


def answer_of(database: str) -> object:
    with psycopg.connect(database) as connection:
        return connection.execute("SELECT answer FROM kept").fetchone()


def test_killed_servers_come_back_with_their_data(stack: Stack) -> None:
    database, broker = stack.environment["DATABASE_URL"], stack.environment["NATS_URL"]
    cache = redis.from_url(stack.environment["REDIS_URL"])
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 42 AS answer")
    cache.set("kept", "42")
    talk(broker, make_streams)
    assert talk(broker, publish("food.mara.order"))

    for name in ("postgres", "redis", "nats"):
        os.kill(stack.supervisor.children[name].pid, signal.SIGKILL)

    assert patiently(stack, lambda: answer_of(database)) == (42,)
    assert patiently(stack, lambda: cache.get("kept")) == b"42"
    assert patiently(stack, lambda: talk(broker, stored)) == 1
    assert [stack.supervisor.children[n].falls for n in ("redis", "nats")] == [1, 1]


def test_the_database_writes_before_it_answers(stack: Stack) -> None:
    with psycopg.connect(stack.environment["DATABASE_URL"]) as connection:
        settings = connection.execute(
            "SELECT name, setting FROM pg_settings WHERE name IN "
            "('fsync', 'synchronous_commit', 'max_connections', 'TimeZone', 'data_checksums')"
        ).fetchall()
    assert dict(settings) == {
        "fsync": "on",
        "synchronous_commit": "on",
        "max_connections": "200",
        "TimeZone": "UTC",
        "data_checksums": "on",
    }


def test_nats_writes_before_it_acknowledges(stack: Stack) -> None:
    port = stack.state.ports["nats-monitor"]
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/jsz?config=1") as answer:
        assert json.load(answer)["config"]["sync_always"] is True


def test_redis_appends_to_disk_and_wants_its_password(stack: Stack) -> None:
    url = stack.environment["REDIS_URL"]
    settings = redis.from_url(url, decode_responses=True).config_get(
        "appendonly", "appendfsync", "maxmemory-policy"
    )
    assert settings == {
        "appendonly": "yes",
        "appendfsync": "everysec",
        "maxmemory-policy": "noeviction",
    }
    with pytest.raises(redis.AuthenticationError):
        redis.from_url(f"redis://{url.partition('@')[2]}").ping()


@pytest.mark.parametrize(
    ("subject", "is_stored"),
    [
        ("food.mara.order.placed.v1", True),
        ("food.baobab.order.placed.v1", False),
        ("food.order", False),
        ("house.mara.payments.payment_captured.v1", False),
    ],
)
def test_a_neighbour_speaks_only_for_the_tenant_of_its_credential(
    stack: Stack, subject: str, *, is_stored: bool
) -> None:
    patiently(stack, lambda: talk(stack.environment["NATS_URL"], make_streams))
    assert talk(stack.environment["DEMO_NATS_FOOD_MARA"], publish(subject)) == is_stored


def test_a_neighbour_hears_only_its_tenant(stack: Stack) -> None:
    """Not even the replies that others wait for pass by: an inbox belongs to its account."""
    house = stack.environment["NATS_URL"]
    patiently(stack, lambda: talk(house, make_streams))

    heard: list[str] = []

    async def note(message: Msg) -> None:
        heard.append(message.subject)

    async def listen(client: Client) -> None:
        await client.subscribe(">", cb=note)
        own = await client.subscribe("house.mara.>")
        await client.flush()
        async with await nats.connect(house) as speaker:
            for slug in ("baobab", "mara"):
                await speaker.jetstream().publish(f"house.{slug}.news", b"{}")
        await own.next_msg(timeout=2)
        await client.flush()

    talk(stack.environment["DEMO_NATS_NOTIFY_MARA"], listen)
    assert set(heard) == {"house.mara.news"}


def test_notifications_read_the_durable_consumer_made_for_them(stack: Stack) -> None:
    patiently(stack, lambda: talk(stack.environment["NATS_URL"], make_streams))

    async def prepare(client: Client) -> None:
        for slug in ("mara", "baobab"):
            durable = ConsumerConfig(
                durable_name=f"notify-{slug}", filter_subject=f"house.{slug}.>"
            )
            await client.jetstream().add_consumer("HOUSE", durable)
            await client.jetstream().publish(f"house.{slug}.kept", b"{}")

    async def read(client: Client, durable: str) -> list[str]:
        pull = await client.jetstream().pull_subscribe_bind(consumer=durable, stream="HOUSE")
        batch = await pull.fetch(1, timeout=2)
        for message in batch:
            await message.ack_sync()
        return [message.subject.split(".")[1] for message in batch]

    talk(stack.environment["NATS_URL"], prepare)
    url = stack.environment["DEMO_NATS_NOTIFY_MARA"]
    assert talk(url, lambda client: read(client, "notify-mara")) == ["mara"]
    with pytest.raises(nats.errors.Error):
        talk(url, lambda client: read(client, "notify-baobab"))


def test_notifications_cannot_have_events_delivered_elsewhere(stack: Stack) -> None:
    """A push consumer could speak on any subject, so a neighbour makes none."""
    patiently(stack, lambda: talk(stack.environment["NATS_URL"], make_streams))

    async def redirect(client: Client) -> None:
        consumer = ConsumerConfig(durable_name="notify-mara", deliver_subject="food.baobab.order")
        await client.jetstream().add_consumer("HOUSE", consumer)

    with pytest.raises(nats.errors.Error):
        talk(stack.environment["DEMO_NATS_NOTIFY_MARA"], redirect)
