"""One connection to NATS, on a thread of its own, so that plain code can publish and wait."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine, Mapping, Sequence
from concurrent.futures import TimeoutError as Late
from dataclasses import dataclass, replace
from itertools import count
from typing import Any, TypeVar

import structlog
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.errors import Error as NATSError
from nats.js import JetStreamContext
from nats.js.api import AckPolicy, ConsumerConfig, StreamConfig
from nats.js.errors import NotFoundError

from apps.platform.messaging import topology
from apps.platform.messaging.errors import BrokerUnavailable
from apps.platform.messaging.topology import Stream

logger = structlog.get_logger("house.broker")
T = TypeVar("T")

CONNECT_SECONDS = 3
RECONNECT_SECONDS = 1
ACK_SECONDS = 5
#: Messages after which a large batch lets the connection send.
YIELD_EVERY = 100
#: How long the server waits for an acknowledgement before it delivers again.
ACK_WAIT_SECONDS = 30
#: Far above what is ever in hand: events of a suspended tenant wait here and must not use it up.
ACK_PENDING_MAX = 100_000


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A message for JetStream. ``id`` is its ``Nats-Msg-Id``."""

    id: str
    subject: str
    body: bytes
    headers: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Answers:
    """What JetStream said to a batch: the confirmed ids, and one reason for the others."""

    confirmed: frozenset[str]
    complaint: str = ""


class _Sent:
    """Messages on their way, until each is confirmed or complained of."""

    def __init__(self, count: int) -> None:
        self.confirmed: set[str] = set()
        self.complaint = ""
        self.is_over = asyncio.Event()
        self._open = count

    def settle(self, id: str = "", complaint: str = "") -> None:
        """One less to wait for."""
        if complaint:
            self.complaint = complaint
        else:
            self.confirmed.add(id)
        self._open -= 1
        if self._open == 0:
            self.is_over.set()


class Broker:
    """Publishes and manages. ``start`` first, ``stop`` at the end; both may be repeated.

    A broker that is down is no error until something is asked of it; then ``BrokerUnavailable``.
    """

    def __init__(self, url: str, name: str) -> None:
        self._url = url
        self._name = name
        self._client: Client | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._connecting = asyncio.Lock()
        self._has_streams = False
        self._heard_by: Client | None = None
        self._inbox_name = ""
        self._expected: dict[str, tuple[_Sent, str]] = {}
        self._tokens = count()

    def start(self) -> None:
        """Start the thread. It connects when it is first needed."""
        if self._loop is not None:
            return
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="nats", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Send what is buffered, close the connection and end the thread."""
        if self._loop is None or self._thread is None:
            return
        try:
            self.call(self._close(), ACK_SECONDS)
        except BrokerUnavailable:
            logger.warning("broker.not_drained")
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(timeout=ACK_SECONDS)
        self._loop = self._thread = None

    def submit(self, work: Coroutine[Any, Any, T]) -> Any:
        """Start ``work`` on the connection's thread and return its ``concurrent`` future."""
        if self._loop is None:
            raise ValueError("the broker was not started")
        return asyncio.run_coroutine_threadsafe(work, self._loop)

    def call(self, work: Coroutine[Any, Any, T], timeout_seconds: float) -> T:
        """Run ``work`` on the connection's thread and wait for its result."""
        future = self.submit(work)
        try:
            result: T = future.result(timeout_seconds)
        except (Late, NATSError, OSError) as error:
            future.cancel()
            raise BrokerUnavailable(reason=repr(error)) from error
        return result

    def publish(self, messages: Sequence[Outgoing]) -> Answers:
        """Publish together and wait for every confirmation, at most ``ACK_SECONDS``.

        There is no order among them: publish what must come later in a later call.
        """
        return self.call(self._publish(messages), CONNECT_SECONDS + 2 * ACK_SECONDS)

    def ensure_durable(self, name: str, stream: Stream, subject: str) -> None:
        """Create the durable pull consumer, also for a neighbour that may not create its own."""
        self.call(self.make_durable(name, stream, subject), CONNECT_SECONDS + ACK_SECONDS)

    async def jetstream(self) -> JetStreamContext:
        """JetStream on a live connection, with the house's streams in place."""
        async with self._connecting:
            if self._client is None or self._client.is_closed:
                self._client = await self._connect()
                self._has_streams = False
            if not self._client.is_connected:
                raise BrokerUnavailable(reason="the connection was lost")
            context = self._client.jetstream(timeout=ACK_SECONDS)
            if not self._has_streams:
                for stream in topology.STREAMS:
                    name = topology.stream_name(stream.name)
                    await _ensure_stream(context, name, stream.config())
                self._has_streams = True
            return context

    async def make_durable(self, name: str, stream: Stream, subject: str) -> None:
        """As ``ensure_durable``, on the connection's thread."""
        context = await self.jetstream()
        await context.add_consumer(
            topology.stream_name(stream.name),
            ConsumerConfig(
                durable_name=name,
                filter_subject=topology.prefixed(subject),
                ack_policy=AckPolicy.EXPLICIT,
                ack_wait=ACK_WAIT_SECONDS,
                max_deliver=-1,
                max_ack_pending=ACK_PENDING_MAX,
            ),
        )

    def forget_streams(self) -> None:
        """Something said that a stream is missing: look again before the next use."""
        self._has_streams = False

    async def _connect(self) -> Client:
        client = Client()
        await asyncio.wait_for(
            client.connect(
                self._url,
                name=self._name,
                connect_timeout=CONNECT_SECONDS,
                reconnect_time_wait=RECONNECT_SECONDS,
                max_reconnect_attempts=-1,
                error_cb=_complain,
                disconnected_cb=self._say_lost,
                reconnected_cb=self._say_back,
            ),
            CONNECT_SECONDS,
        )
        return client

    async def _say_lost(self) -> None:
        if self._client is not None:  # not while closing
            logger.warning("broker.lost")

    async def _say_back(self) -> None:
        self._has_streams = False
        logger.info("broker.back")

    async def _publish(self, messages: Sequence[Outgoing]) -> Answers:
        await self.jetstream()
        client, sent = self._client, _Sent(len(messages))
        assert client is not None  # noqa: S101  jetstream() made it
        inbox = await self._inbox(client)
        for number, message in enumerate(messages):
            token = str(next(self._tokens))
            self._expected[token] = (sent, message.id)
            headers = {**message.headers, "Nats-Msg-Id": message.id}
            try:
                await client.publish(message.subject, message.body, f"{inbox}.{token}", headers)
            except NATSError as error:  # too large, say: the others go on
                self._expected.pop(token)
                sent.settle(complaint=repr(error))
            if number % YIELD_EVERY == YIELD_EVERY - 1:
                await asyncio.sleep(0)  # let the first of them go out
        try:
            await asyncio.wait_for(sent.is_over.wait(), ACK_SECONDS)
        except TimeoutError:
            sent.complaint = "no confirmation came in time"
            late = [token for token, (whose, _) in self._expected.items() if whose is sent]
            for token in late:
                del self._expected[token]
        if sent.complaint:
            self.forget_streams()
        return Answers(frozenset(sent.confirmed), sent.complaint)

    async def _inbox(self, client: Client) -> str:
        """Where this connection hears confirmations: one subscription for as long as it lives."""
        if self._heard_by is not client:
            self._expected.clear()
            self._inbox_name = client.new_inbox()
            await client.subscribe(f"{self._inbox_name}.*", cb=self._hear)
            self._heard_by = client
        return self._inbox_name

    async def _hear(self, answer: Msg) -> None:
        """A confirmation, ``{"stream": …, "seq": …}``, or the reason why there is none."""
        expected = self._expected.pop(answer.subject.rpartition(".")[2], None)
        if expected is None:  # nobody waits for it any more
            return
        sent, id = expected
        if answer.data.startswith(b'{"stream"') and b'"error"' not in answer.data:
            sent.settle(id)
        else:
            sent.settle(complaint=answer.data.decode(errors="replace") or "no stream took it")

    async def _close(self) -> None:
        client, self._client = self._client, None
        if client is None or client.is_closed:
            return
        if client.is_connected:
            await client.drain()
        else:
            await client.close()


async def _ensure_stream(context: JetStreamContext, name: str, wanted: StreamConfig) -> None:
    """Create the stream, or bring what this program decides up to date; the rest is left alone."""
    try:
        present = (await context.stream_info(name)).config
    except NotFoundError:
        await context.add_stream(wanted)
        logger.info("broker.stream_made", stream=name, subjects=wanted.subjects)
        return
    ours = replace(
        present,
        subjects=wanted.subjects,
        max_age=wanted.max_age,
        duplicate_window=wanted.duplicate_window,
    )
    if ours != present:
        await context.update_stream(ours)


async def _complain(error: Exception) -> None:
    logger.warning("broker.error", error=repr(error))
