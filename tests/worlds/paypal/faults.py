"""Answers that go wrong: planted for a path, or asked for by ``PayPal-Mock-Response``."""

from __future__ import annotations

import json
import time
from collections.abc import Callable

from tests.worlds.daraja.store import Row
from tests.worlds.paypal.errors import BadControl, Refused
from tests.worlds.paypal.world import World
from tests.worlds.server import Request, Response

_PAGE = b"<html><body><h1>502 Bad Gateway</h1></body></html>"
_REFUSED = {
    "too_many": Refused(429),
    "internal": Refused(500),
    "unavailable": Refused(503),
    "in_progress": Refused(409, "PREVIOUS_REQUEST_IN_PROGRESS"),
    "forbidden": Refused(403, "PERMISSION_DENIED"),
}
_INSTEAD = {
    "bad_gateway": Response(status=502, body=_PAGE, content_type="text/html"),
    "html": Response(status=200, body=_PAGE, content_type="text/html"),
    "empty": Response(status=200),
    "malformed": Response(status=201, body=b'{"id": "5O190127TN364715T", '),
    "wrong_type": Response(status=200, body=b"OK", content_type="text/plain"),
    "drop": Response.drop(),
}
#: These carry the request out first and then spoil its answer.
_AFTERWARDS = {
    "lost_answer": Response.drop(),
    "garbled_answer": Response(status=502, body=_PAGE, content_type="text/html"),
}
IN_FLIGHT = "in_flight"
KINDS = (*_REFUSED, *_INSTEAD, *_AFTERWARDS, "slow", IN_FLIGHT)
WEBHOOK_KINDS = ("lost", "duplicate", "late")


def plant(world: World, path: str, kind: str, count: int, milliseconds: int) -> None:
    """Spoil the next ``count`` answers below ``path`` (``*``: any; ``webhooks``: deliveries)."""
    known = WEBHOOK_KINDS if path == "webhooks" else KINDS
    if kind not in known:
        raise BadControl(f"unknown fault {kind!r}; known are {', '.join(known)}")
    world.store.insert("fault", path=path, kind=kind, remaining=count, milliseconds=milliseconds)


def through(world: World, handler: Callable[[Request], Response], request: Request) -> Response:
    """Answer a request, unless a planted fault or a mock response comes between."""
    _mock(request)
    fault = next_of(world, request.path, is_in_flight=False)
    if fault is None:
        return handler(request)
    kind = fault["kind"]
    if kind in _REFUSED:
        raise _REFUSED[kind]
    if kind in _INSTEAD:
        return _INSTEAD[kind]
    if kind == "slow":
        time.sleep(fault["milliseconds"] / 1000)
        return handler(request)
    handler(request)
    return _AFTERWARDS[kind]


def linger(world: World, path: str) -> None:
    """Between the claim of the request id and the work."""
    fault = next_of(world, path, is_in_flight=True)
    if fault is not None:
        time.sleep(fault["milliseconds"] / 1000)


def next_of(world: World, path: str, *, is_in_flight: bool = False) -> Row | None:
    return world.store.row(
        "UPDATE fault SET remaining = remaining - 1 WHERE id = (SELECT id FROM fault"
        " WHERE remaining > 0 AND (path = '*' OR ?1 LIKE path || '%') AND (kind = ?2) = ?3"
        " AND (path = 'webhooks') = (?1 = 'webhooks') ORDER BY id LIMIT 1) RETURNING *",
        path,
        IN_FLIGHT,
        int(is_in_flight),
    )


def _mock(request: Request) -> None:
    """PayPal's negative testing: the header names the issue that is to be answered."""
    told = request.headers.get("paypal-mock-response")
    if not told:
        return
    try:
        issue = json.loads(told)["mock_application_codes"]
    except (ValueError, KeyError, TypeError):
        raise Refused(400, "INVALID_PARAMETER_VALUE", field="PayPal-Mock-Response") from None
    if issue == "INTERNAL_SERVER_ERROR":
        raise Refused(500)
    raise Refused(422, str(issue))
