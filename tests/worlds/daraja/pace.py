"""When a payment is settled: normally after its acknowledgement, by two endings before it."""

from __future__ import annotations

from collections.abc import Callable

from tests.worlds.daraja import conversations as talk
from tests.worlds.daraja import deliveries, magic
from tests.worlds.daraja.errors import Dropped
from tests.worlds.daraja.magic import Magic
from tests.worlds.daraja.store import Row
from tests.worlds.daraja.world import World


def begin(world: World, row: Row, action: str, settle: Callable[[World, str], None]) -> None:
    """Settle or schedule, inside the transaction that takes the request in."""
    if magic.of(row["phone"]) in {Magic.EARLY, Magic.LOST_ACK}:
        settle(world, row["conversation_id"])
    else:
        talk.schedule(world, action, row["conversation_id"], world.setting("callback_delay_ms"))


def before_answering(world: World, row: Row) -> None:
    """Let the callback overtake the acknowledgement, or lose the acknowledgement."""
    behaviour = magic.of(row["phone"])
    if behaviour is Magic.EARLY:
        deliveries.wait_until_sent(world, row["conversation_id"])
    if behaviour is Magic.LOST_ACK:
        raise Dropped
