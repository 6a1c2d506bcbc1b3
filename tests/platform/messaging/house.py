"""What the messaging tests share: an event, a look at streams, and a NATS of one's own."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

from django.conf import settings
from django.db import connection
from nats.js.api import ConsumerConfig, DeliverPolicy

from apps.platform import clock
from apps.platform.events import record
from apps.platform.ids import new_id
from apps.platform.messaging import topology
from apps.platform.messaging.broker import Broker, Outgoing
from apps.platform.messaging.tenants import Place, find_place
from apps.platform.models import OutboxMessage
from apps.tenancy.models import Tenant
from deploy.local.binaries import nats_server

TABLES = (
    "platform_outbox_message",
    "platform_inbox_message",
    "platform_dead_letter",
    "platform_retention",
)


@dataclass(frozen=True)
class OrderNoted:
    """Something happened in a test."""

    name: ClassVar[str] = "tests.order_noted"
    version: ClassVar[int] = 1

    number: int


def place(slug: str) -> Place:
    found = find_place(slug)
    assert found is not None
    return found


def note_order(number: int, aggregate: str = "ord_1", slug: str = "mara") -> str:
    with place(slug).enter():
        return str(record(OrderNoted(number), aggregate=aggregate))


def unpublished(slug: str = "mara") -> int:
    with place(slug).enter():
        return OutboxMessage.objects.filter(published_at=None).count()


def empty_tables() -> None:
    """Behind the guards, which keep events for as long as the house promises."""
    for slug in ("platform", "mara", "baobab"):
        with place(slug).enter(), connection.cursor() as cursor:
            cursor.execute("SET session_replication_role = replica")
            for table in TABLES:
                cursor.execute(f"DELETE FROM {table}")
            cursor.execute("SET session_replication_role = DEFAULT")


def nothing_waits() -> None:
    """Other tests commit into tenants of their own: what they left is not to be published now."""
    for slug in Tenant.objects.values_list("slug", flat=True):
        with place(slug).enter():
            OutboxMessage.objects.filter(published_at=None).update(published_at=clock.now())


@dataclass(frozen=True)
class Stored:
    """A message on a stream."""

    subject: str
    headers: dict[str, str]
    body: dict[str, Any]

    @property
    def id(self) -> str:
        return str(self.body["id"])


def stored(broker: Broker, stream: topology.Stream = topology.HOUSE) -> list[Stored]:
    """Everything on the stream, in its order."""

    async def read() -> list[Stored]:
        context = await broker.jetstream()
        name = topology.stream_name(stream.name)
        count = (await context.stream_info(name)).state.messages
        reader = await context.pull_subscribe(
            f"{topology.prefixed(stream.root)}.>",
            stream=name,
            config=ConsumerConfig(deliver_policy=DeliverPolicy.ALL),
        )
        found: list[Stored] = []
        while len(found) < count:
            for message in await reader.fetch(min(200, count - len(found)), timeout=5):
                await message.ack()
                headers = dict(message.headers or {})
                found.append(Stored(message.subject, headers, json.loads(message.data)))
        await reader.unsubscribe()
        return found

    return broker.call(read(), 30)


def delete_streams(broker: Broker) -> None:
    async def delete() -> None:
        context = await broker.jetstream()
        for stream in topology.STREAMS:
            await context.delete_stream(topology.stream_name(stream.name))

    broker.call(delete(), 10)
    broker.forget_streams()


def say(broker: Broker, subject: str, body: dict[str, Any] | bytes, id: str = "") -> None:
    """Publish as a neighbour would."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    message_id = id or new_id().hex
    answers = broker.publish([Outgoing(message_id, topology.prefixed(subject), raw, {})])
    assert message_id in answers.confirmed


def order_placed(id: str, **more: Any) -> dict[str, Any]:
    return {
        "specversion": "1.0",
        "id": id,
        "source": "/food-delivery",
        "type": "food.order.placed.v1",
        "subject": f"order-{id}",
        "time": "2026-11-22T18:00:00Z",
        "data": {"order": id},
        **more,
    }


def eventually(is_true: Callable[[], bool], seconds: float = 15) -> None:
    deadline = time.monotonic() + seconds
    while not is_true():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class OwnNATS:
    """A server that may be killed."""

    folder: Path
    port: int = 0
    process: subprocess.Popen[bytes] | None = field(default=None)

    @property
    def url(self) -> str:
        return f"nats://127.0.0.1:{self.port}"

    def start(self) -> None:
        if not self.port:
            self.port = free_port()
        conf = self.folder / "nats.conf"
        conf.write_text(
            f'listen: "127.0.0.1:{self.port}"\n'
            f'jetstream {{ store_dir: "{self.folder}/js", sync_interval: always }}\n'
        )
        self.process = subprocess.Popen(
            [str(nats_server()), "-c", str(conf)],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        eventually(self._answers)

    def _answers(self) -> bool:
        with suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 1) as talk:
            return talk.recv(4) == b"INFO"
        return False

    def kill(self) -> None:
        if self.process is not None:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait()
            self.process = None


@contextmanager
def own_broker(nats: OwnNATS) -> Iterator[Broker]:
    broker = Broker(nats.url, "test")
    broker.start()
    try:
        yield broker
    finally:
        broker.stop()


def database_url() -> str:
    """The database these tests use, as a child process is told it."""
    database = connection.settings_dict
    host, port = database["HOST"], database["PORT"]
    user = f"{database['USER']}:{database['PASSWORD']}@" if database["USER"] else ""
    return f"postgresql://{user}/{database['NAME']}?host={host}&port={port}"


def told(port: int) -> str:
    """What a process tells on its metrics port."""
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=5) as answer:
        return str(answer.read().decode())


def nats_url() -> str:
    return str(settings.ENV.nats_url)
