"""The systems next door: the food-delivery backend and the notifications app.

Each speaks to JetStream with its own credential, which the broker binds to its tenant.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

import nats
from nats.errors import TimeoutError as NoMessage
from nats.js.api import AckPolicy, ConsumerConfig

from deploy.local.day.plan import PlannedOrder

IDLE_SECONDS = 0.5
ANSWER_SECONDS = 10


def publish_orders(slug: str, orders: Iterable[PlannedOrder]) -> int:
    """As the food-delivery backend of one tenant: publish each order, await its acknowledgement."""
    return asyncio.run(_publish(slug, list(orders)))


async def _publish(slug: str, orders: list[PlannedOrder]) -> int:
    connection = await nats.connect(os.environ[f"DEMO_NATS_FOOD_{slug.upper()}"])
    try:
        stream = connection.jetstream()
        for order in orders:
            await stream.publish(
                f"food.{slug}.order.placed.v1",
                json.dumps(_envelope(slug, order)).encode(),
                headers={"Nats-Msg-Id": order.event_id},
            )
    finally:
        await connection.drain()
    return len(orders)


def _envelope(slug: str, order: PlannedOrder) -> dict[str, object]:
    """CloudEvents 1.0, structured."""
    return {
        "specversion": "1.0",
        "id": order.event_id,
        "source": f"/food-delivery/{slug}",
        "type": "food.order.placed.v1",
        "subject": order.reference,
        "time": datetime.now(UTC).isoformat(),  # noqa: TID251  the neighbour's own clock
        "datacontenttype": "application/json",
        "data": order.data,
    }


def admit(slug: str) -> None:
    """As the house: give the notifications app of a tenant its place on the stream.

    A neighbour may read the consumer that is made for it, and make none itself.
    """
    asyncio.run(_admit(slug))


async def _admit(slug: str) -> None:
    connection = await nats.connect(os.environ["NATS_URL"])
    try:
        await connection.jetstream().add_consumer(
            "HOUSE",
            ConsumerConfig(
                durable_name=f"notify-{slug}",
                filter_subject=f"house.{slug}.payments.payment_captured.v1",
                ack_policy=AckPolicy.EXPLICIT,
            ),
        )
    finally:
        await connection.close()


def confirmations(slug: str, references: set[str], book: Path, seconds: float) -> Counter[str]:
    """As the notifications app: read confirmations until all ``references`` were seen.

    ``book`` is the app's own record of the event ids it has acted on: a message seen before has no
    effect, also after a restart. Answers with the number of effects per reference; gives up after
    ``seconds``.
    """
    return asyncio.run(_listen(slug, references, book, seconds))


async def _listen(slug: str, references: set[str], book: Path, seconds: float) -> Counter[str]:
    seen: dict[str, str] = json.loads(book.read_text()) if book.exists() else {}
    connection = await nats.connect(os.environ[f"DEMO_NATS_NOTIFY_{slug.upper()}"])
    loop = asyncio.get_running_loop()
    deadline = loop.time() + seconds
    try:
        subscription = await connection.jetstream().pull_subscribe_bind(
            f"notify-{slug}", stream="HOUSE"
        )
        while not references <= set(seen.values()) and loop.time() < deadline:
            with contextlib.suppress(NoMessage):
                for message in await subscription.fetch(100, timeout=IDLE_SECONDS):
                    event = json.loads(message.data)
                    seen.setdefault(event["id"], event["data"]["reference"])
                    book.write_text(json.dumps(seen))
                    await message.ack()
        await connection.flush()
    finally:
        await connection.close()  # draining would wait for what nobody reads any more
    return Counter(reference for reference in seen.values() if reference in references)


def doubted_payouts(slug: str) -> set[str]:
    """As the house: the ids of all payouts of a tenant that were ever announced as unknown."""
    return asyncio.run(_doubted(slug))


async def _doubted(slug: str) -> set[str]:
    connection = await nats.connect(os.environ["NATS_URL"])
    try:
        heard = await connection.jetstream().pull_subscribe(
            f"house.{slug}.payments.payout_unknown.v1",
            stream="HOUSE",
            config=ConsumerConfig(ack_policy=AckPolicy.NONE),
        )
        waiting = (await heard.consumer_info()).num_pending or 0
        found: list[str] = []
        while len(found) < waiting:
            messages = await heard.fetch(waiting - len(found), timeout=ANSWER_SECONDS)
            found += [json.loads(message.data)["data"]["payout_ref"] for message in messages]
        return set(found)
    finally:
        await connection.close()
