"""Answers that go wrong: on demand for a path, or because a phone's ending asks for it."""

from __future__ import annotations

import time

from tests.worlds.daraja import magic
from tests.worlds.daraja.errors import BadControl, Refused
from tests.worlds.daraja.store import Row
from tests.worlds.daraja.world import World
from tests.worlds.server import Handler, Request, Response

SPIKES = 2
SPIKE_ARREST = "Error Occurred: Spike Arrest Violation"

_REFUSED = {
    "spike": ("500.003.02", SPIKE_ARREST),
    "quota": ("500.003.03", "Quota Violation"),
    "busy": ("500.003.02", "System is busy. Please try again in few minutes."),
    "internal": ("500.003.1001", "Internal Server Error"),
    "system": ("500.002.1001", "System internal error."),
}
_PAGE = b"<html><body><h1>502 Bad Gateway</h1></body></html>"
_INSTEAD = {
    "too_many": Response(status=429, body=b"{}"),
    "unavailable": Response(status=503, body=_PAGE, content_type="text/html"),
    "html": Response(status=200, body=_PAGE, content_type="text/html"),
    "empty": Response(status=200),
    "malformed": Response(status=200, body=b'{"ResponseCode": "0", '),
    "wrong_type": Response(status=200, body=b"OK", content_type="text/plain"),
    "drop": Response.drop(),
}
#: These carry the request out first and then spoil its answer.
_AFTERWARDS = {
    "lost_ack": Response.drop(),
    "garbled_ack": Response(status=502, body=_PAGE, content_type="text/html"),
}
KINDS = (*_REFUSED, *_INSTEAD, *_AFTERWARDS, "slow")


def plant(world: World, path: str, kind: str, count: int, milliseconds: int) -> None:
    """Spoil the next ``count`` answers of ``path`` (``*``: of any)."""
    if kind not in KINDS:
        raise BadControl(f"unknown fault {kind!r}; known are {', '.join(KINDS)}")
    world.store.insert("fault", path=path, kind=kind, remaining=count, milliseconds=milliseconds)


def through(world: World, handler: Handler, request: Request) -> Response:
    """Answer a request, unless a planted fault comes between."""
    fault = _next(world, request.path)
    if fault is None:
        return handler(request)
    kind = fault["kind"]
    if kind in _REFUSED:
        raise Refused(500, *_REFUSED[kind])
    if kind in _INSTEAD:
        return _INSTEAD[kind]
    if kind == "slow":
        time.sleep(fault["milliseconds"] / 1000)
        return handler(request)
    handler(request)
    return _AFTERWARDS[kind]


def _next(world: World, path: str) -> Row | None:
    with world.store.transaction():
        fault = world.store.row(
            "SELECT * FROM fault WHERE remaining > 0 AND path IN (?, '*') ORDER BY id LIMIT 1", path
        )
        if fault:
            world.store.write(
                "UPDATE fault SET remaining = remaining - 1 WHERE id = ?", fault["id"]
            )
    return fault


def spike(world: World, operation: str, shortcode: str, phone: str) -> None:
    """Ending 10: refuse twice, let the third through, and begin again after that."""
    if magic.of(phone) is not magic.Magic.SPIKE:
        return
    counter = f"spike/{operation}/{shortcode}/{phone}"
    if world.store.count_up(counter) <= SPIKES:
        raise Refused(500, "500.003.02", SPIKE_ARREST)
    world.store.write("DELETE FROM counter WHERE name = ?", counter)
