"""Answers that go wrong: planted for a path, or asked for by an amount's last two digits."""

from __future__ import annotations

import time
from collections.abc import Callable

from tests.worlds.daraja.store import Row
from tests.worlds.server import Request, Response
from tests.worlds.stripe.errors import BadControl, Refused
from tests.worlds.stripe.world import World

SPIKES = 2
_PAGE = b"<html><body><h1>502 Bad Gateway</h1></body></html>"
_REFUSED = {
    "rate_limit": (429, "invalid_request_error", "Request rate limit exceeded.", "rate_limit"),
    "lock_timeout": (
        409,
        "invalid_request_error",
        "This object cannot be accessed right now because another request is accessing it.",
        "lock_timeout",
    ),
    "internal": (500, "api_error", "An unknown error occurred", ""),
}
_INSTEAD = {
    "unavailable": Response(status=503, body=_PAGE, content_type="text/html"),
    "html": Response(status=200, body=_PAGE, content_type="text/html"),
    "empty": Response(status=200),
    "malformed": Response(status=200, body=b'{"id": "pi_1", '),
    "wrong_type": Response(status=200, body=b"OK", content_type="text/plain"),
    "drop": Response.drop(),
}
#: These carry the request out first and then spoil its answer.
_AFTERWARDS = {
    "lost_answer": Response.drop(),
    "garbled_answer": Response(status=502, body=_PAGE, content_type="text/html"),
}
#: Under way for a while, its key claimed: whoever repeats the request meanwhile gets a 409.
IN_FLIGHT = "in_flight"
KINDS = (*_REFUSED, *_INSTEAD, *_AFTERWARDS, "slow", IN_FLIGHT)
WEBHOOK_KINDS = ("lost", "duplicate", "late")


def plant(world: World, path: str, kind: str, count: int, milliseconds: int) -> None:
    """Spoil the next ``count`` answers of ``path`` (``*``: of any; ``webhooks``: deliveries)."""
    known = WEBHOOK_KINDS if path == "webhooks" else KINDS
    if kind not in known:
        raise BadControl(f"unknown fault {kind!r}; known are {', '.join(known)}")
    world.store.insert("fault", path=path, kind=kind, remaining=count, milliseconds=milliseconds)


def through(world: World, handler: Callable[[Request], Response], request: Request) -> Response:
    """Answer a request, unless a planted fault comes between."""
    fault = _next(world, request.path, is_in_flight=False)
    if fault is None:
        return handler(request)
    kind = fault["kind"]
    if kind in _REFUSED:
        status, family, message, code = _REFUSED[kind]
        raise Refused(status, family, message, code=code)
    if kind in _INSTEAD:
        return _INSTEAD[kind]
    if kind == "slow":
        time.sleep(fault["milliseconds"] / 1000)
        return handler(request)
    handler(request)
    return _AFTERWARDS[kind]


def linger(world: World, path: str) -> None:
    """Between the claim of the key and the work."""
    fault = _next(world, path, is_in_flight=True)
    if fault is not None:
        time.sleep(fault["milliseconds"] / 1000)


def _next(world: World, path: str, *, is_in_flight: bool) -> Row | None:
    return world.store.row(
        "UPDATE fault SET remaining = remaining - 1 WHERE id = (SELECT id FROM fault"
        " WHERE remaining > 0 AND path IN (?, '*') AND (kind = ?) = ? ORDER BY id LIMIT 1)"
        " RETURNING *",
        path,
        IN_FLIGHT,
        int(is_in_flight),
    )


def amount_ending(world: World, amount: int, key: str) -> None:
    """Ending 10: refused twice for too much traffic, then accepted."""
    if amount % 100 != 10:
        return
    counter = f"spike/{key or amount}"
    if world.store.count_up(counter) <= SPIKES:
        raise Refused(*_REFUSED["rate_limit"][:3], code="rate_limit")
