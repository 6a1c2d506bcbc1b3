"""Idempotency keys: the same answer for the same request, for a day on the simulator's clock."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from tests.worlds.server import Request
from tests.worlds.stripe.call import Call
from tests.worlds.stripe.errors import Refused
from tests.worlds.stripe.world import World

WINDOW_MS = 24 * 3600 * 1000
LONGEST = 255


@dataclass(frozen=True, slots=True)
class Kept:
    """The first answer under a key."""

    status: int
    body: str
    request_id: str


def fingerprint(request: Request) -> str:
    """Method, path and body; not the headers."""
    told = f"{request.method} {request.path}\n".encode() + request.body
    return hashlib.sha256(told).hexdigest()


def begin(call: Call, asked: str) -> Kept | None:
    """Claim the key, or answer what was answered before.

    Raises ``Refused``: 400 for a key that came with another request, 409 while the first runs.
    """
    world = call.world
    if len(call.key) > LONGEST:
        raise Refused(400, "invalid_request_error", "Idempotency-Key is too long")
    with world.store.transaction():
        world.store.write(
            "DELETE FROM idempotency WHERE created_at_ms <= ?", world.now_ms() - WINDOW_MS
        )
        row = world.store.row(
            "SELECT * FROM idempotency WHERE account = ? AND key = ?", call.account, call.key
        )
        if row is None:
            world.store.insert(
                "idempotency",
                account=call.account,
                key=call.key,
                fingerprint=asked,
                created_at_ms=world.now_ms(),
                request_id=call.request_id,
            )
            return None
    if row["fingerprint"] != asked:
        raise Refused(
            400,
            "idempotency_error",
            "Keys for idempotent requests can only be used with the same parameters they were"
            f" first used with. Try using a key other than '{call.key}' if you meant to execute a"
            " different request.",
        )
    if row["status"] is None:
        raise Refused(
            409,
            "idempotency_error",
            "There is currently another in-progress request using this Idempotent Key.",
            code="idempotency_key_in_use",
        )
    return Kept(row["status"], row["body"], row["request_id"])


def keep(call: Call, status: int, body: str) -> None:
    """Execution had begun, so this is the answer for as long as the key is remembered."""
    call.world.store.write(
        "UPDATE idempotency SET status = ?, body = ? WHERE account = ? AND key = ?",
        status,
        body,
        call.account,
        call.key,
    )


def forget(call: Call) -> None:
    """Nothing was executed: the key is free again."""
    call.world.store.write(
        "DELETE FROM idempotency WHERE account = ? AND key = ? AND status IS NULL",
        call.account,
        call.key,
    )


def abandon(world: World) -> None:
    """At the start: what was running when the process died was rolled back."""
    world.store.write("DELETE FROM idempotency WHERE status IS NULL")
