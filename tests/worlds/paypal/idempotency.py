"""PayPal-Request-Id: the first answer again, for as long as the API remembers keys.

The documents say: orders six hours, payments 45 days, payouts 30 days. PayPal does not compare
bodies: the same id answers the first request, whatever comes with it.
"""

from __future__ import annotations

from tests.worlds.paypal.call import Call
from tests.worlds.paypal.errors import Refused
from tests.worlds.paypal.world import World

_HOUR_MS = 3_600_000
_WINDOWS = (
    ("/v2/checkout/", 6 * _HOUR_MS),
    ("/v2/payments/", 45 * 24 * _HOUR_MS),
    ("/v1/payments/", 30 * 24 * _HOUR_MS),
)
_LONGEST = 108


def begin(call: Call) -> tuple[int, str] | None:
    """Claim the id, or answer what was answered before; 409 while the first is still running."""
    path = call.raw.path
    window = next((ms for prefix, ms in _WINDOWS if path.startswith(prefix)), 0)
    if len(call.key) > _LONGEST:
        raise Refused(400, "INVALID_STRING_LENGTH", field="PayPal-Request-Id")
    store, now = call.world.store, call.world.now_ms()
    with store.transaction():
        store.write("DELETE FROM request WHERE created_at_ms + window_ms <= ?", now)
        row = store.row(
            "SELECT * FROM request WHERE merchant = ? AND path = ? AND key = ?",
            call.merchant,
            path,
            call.key,
        )
        if row is None:
            store.insert(
                "request",
                merchant=call.merchant,
                path=path,
                key=call.key,
                fingerprint="",
                created_at_ms=now,
                window_ms=window,
            )
            return None
    if row["status"] is None:
        raise Refused(409, "PREVIOUS_REQUEST_IN_PROGRESS")
    return row["status"], row["body"]


def keep(call: Call, status: int, body: str) -> None:
    """From now on this is the answer."""
    call.world.store.write(
        "UPDATE request SET status = ?, body = ? WHERE merchant = ? AND path = ? AND key = ?",
        status,
        body,
        call.merchant,
        call.raw.path,
        call.key,
    )


def forget(call: Call) -> None:
    """Nothing was executed: the id is free again."""
    call.world.store.write(
        "DELETE FROM request WHERE merchant = ? AND path = ? AND key = ? AND status IS NULL",
        call.merchant,
        call.raw.path,
        call.key,
    )


def abandon(world: World) -> None:
    """At the start: what was running when the process died was rolled back."""
    world.store.write("DELETE FROM request WHERE status IS NULL")
