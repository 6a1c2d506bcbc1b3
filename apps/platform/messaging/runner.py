"""Runs consumers: fetches from JetStream, hands to threads, and tells the broker the verdict.

Each consumer has a few lanes, threads that each handle one event at a time. Events about one thing
go down one lane, so they are handled in order while none fails, and one slow event holds up only
its lane. While an event waits or is handled, the broker is told that it is in progress.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from time import monotonic
from zlib import crc32

import structlog
from django.db import connection
from nats.aio.msg import Msg
from nats.errors import Error as NATSError
from nats.js import JetStreamContext

from apps.platform import metrics
from apps.platform.errors import DomainError
from apps.platform.messaging import topology
from apps.platform.messaging.broker import ACK_WAIT_SECONDS, Broker
from apps.platform.messaging.consumers import Consumer
from apps.platform.messaging.envelope import decode
from apps.platform.messaging.errors import MalformedEvent
from apps.platform.messaging.inbox import Delivery, Outcome, Verdict, receive

logger = structlog.get_logger("house.consumers")

LANES = 4
#: Events of one consumer that are waiting for a lane or being handled.
IN_HAND_MAX = 16
FETCH_SECONDS = 1.0
INFO_SECONDS = 5.0
TROUBLE_SECONDS = 1.0
#: A handler that takes longer is taken for lost; the event is then delivered again. Should the
#: first still be running, the second waits for it at the inbox.
HANDLER_SECONDS_MAX = 300.0
STOP_SECONDS = 30.0


class Runner:
    """All given consumers over one broker connection. ``start``, then ``stop``."""

    def __init__(self, broker: Broker, consumers: Sequence[Consumer]) -> None:
        self._broker = broker
        self._pumps = [_Pump(broker, consumer) for consumer in consumers]
        self._running: list[Future[None]] = []

    def start(self) -> None:
        """Begin to fetch. A broker that is away is waited for."""
        self._running = [self._broker.submit(pump.run()) for pump in self._pumps]

    def stop(self) -> None:
        """Fetch no more, finish what is in hand, and let go of the rest."""
        for pump in self._pumps:
            pump.stop()
        for running in self._running:
            with suppress(TimeoutError):
                running.result(STOP_SECONDS)
        for pump in self._pumps:
            pump.close()


class _Pump:
    """One consumer. Runs on the broker's thread; handlers run in the lanes."""

    def __init__(self, broker: Broker, consumer: Consumer) -> None:
        self._broker = broker
        self._consumer = consumer
        self._durable = topology.durable_name(consumer.name)
        self._stream = topology.stream_name(consumer.stream.name)
        self._lanes = [
            ThreadPoolExecutor(1, thread_name_prefix=f"{consumer.name}-{lane}")
            for lane in range(LANES)
        ]
        self._in_hand: set[asyncio.Task[None]] = set()
        self._is_stopping = False

    def stop(self) -> None:
        self._is_stopping = True

    def close(self) -> None:
        for lane in self._lanes:
            lane.shutdown(wait=False, cancel_futures=True)

    async def run(self) -> None:
        """Until told to stop. The stream or the server going away is waited out."""
        while not self._is_stopping:
            try:
                await self._pump()
            except (NATSError, DomainError, TimeoutError, OSError) as error:
                logger.warning("consumer.waiting", consumer=self._consumer.name, error=repr(error))
                self._broker.forget_streams()
                await asyncio.sleep(TROUBLE_SECONDS)
        if self._in_hand:
            await asyncio.wait(self._in_hand, timeout=STOP_SECONDS)

    async def _pump(self) -> None:
        await self._broker.make_durable(
            self._durable, self._consumer.stream, self._consumer.subject
        )
        context = await self._broker.jetstream()
        waiting = await context.pull_subscribe_bind(durable=self._durable, stream=self._stream)
        asked_at = float("-inf")
        try:
            while not self._is_stopping:
                if monotonic() - asked_at > INFO_SECONDS:
                    asked_at = monotonic()
                    await self._measure(context)
                while len(self._in_hand) >= IN_HAND_MAX:
                    await asyncio.wait(self._in_hand, return_when=asyncio.FIRST_COMPLETED)
                await self._fetch(waiting)
        finally:
            with suppress(NATSError):
                await waiting.unsubscribe()

    async def _fetch(self, waiting: JetStreamContext.PullSubscription) -> None:
        try:
            messages = await waiting.fetch(1, timeout=FETCH_SECONDS)
        except TimeoutError:
            return
        for message in messages:
            task = asyncio.create_task(self._deal(message))
            self._in_hand.add(task)
            task.add_done_callback(self._in_hand.discard)

    async def _measure(self, context: JetStreamContext) -> None:
        """Also notices that the consumer is gone, with its stream perhaps: raises ``NotFound``."""
        info = await context.consumer_info(self._stream, self._durable)
        metrics.CONSUMER_PENDING.labels(consumer=self._consumer.name).set(info.num_pending or 0)

    async def _deal(self, message: Msg) -> None:
        delivery = _delivery(message)
        lane = self._lanes[crc32(_lane_key(delivery)) % LANES]
        loop = asyncio.get_running_loop()
        beat = asyncio.create_task(_say_in_progress(message))
        try:
            verdict = await loop.run_in_executor(lane, _receive, self._consumer, delivery)
        finally:
            beat.cancel()
        try:
            await _settle(message, verdict)
        except (NATSError, OSError) as error:
            # It will be delivered again and be found in the inbox.
            logger.info("event.unacknowledged", error=repr(error))


def _receive(consumer: Consumer, delivery: Delivery) -> Verdict:
    """On a lane's thread: whose database connection goes back to the pool afterwards."""
    try:
        return receive(consumer, delivery)
    finally:
        connection.close()


def _lane_key(delivery: Delivery) -> bytes:
    """The tenant and what the event is about. Only the order of handling hangs on it."""
    try:
        about = decode(delivery.body, {}, delivery.arrived_at).event.subject
    except MalformedEvent:
        about = ""
    return f"{topology.slug_in(delivery.subject)}/{about}".encode()


def _delivery(message: Msg) -> Delivery:
    about = message.metadata
    return Delivery(
        stream=about.stream,
        stream_sequence=about.sequence.stream,
        subject=message.subject,
        body=message.data,
        headers=dict(message.headers or {}),
        tries=about.num_delivered or 1,
        arrived_at=about.timestamp,
    )


async def _say_in_progress(message: Msg) -> None:
    given_up_at = monotonic() + HANDLER_SECONDS_MAX
    while monotonic() < given_up_at:
        await asyncio.sleep(ACK_WAIT_SECONDS / 3)
        with suppress(NATSError, OSError):
            await message.in_progress()


async def _settle(message: Msg, verdict: Verdict) -> None:
    if verdict.retry_seconds is not None:
        await message.nak(delay=verdict.retry_seconds)
    elif verdict.outcome is Outcome.DEAD:
        await message.term()
    else:
        await message.ack()
