"""The door as an ASGI application, with its probes, and its end in good order."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, Awaitable, Callable
from typing import Any

from django.db import DatabaseError, connection
from prometheus_client import CONTENT_TYPE_LATEST

from apps.ledger.rpc.frame import Frame
from apps.ledger.rpc.service import Door
from apps.ledger.rpc.v1.ledger_connect import LedgerServiceASGIApplication
from apps.platform import metrics

#: Of a request's message, also when it arrives compressed.
MESSAGE_BYTES_MAX = 4 * 1024 * 1024
_FORWARDED = {b"x-forwarded-for", b"forwarded"}
Send = Callable[[dict[str, Any]], Awaitable[None]]
Application = Callable[[Any, Any, Any], Awaitable[None]]


def application(door: Door | None = None) -> Application:
    """What an ASGI server runs. It must support lifespans: at its end, what was begun is finished.

    ``/livez`` asks nothing, ``/healthz`` asks the database, ``/metrics`` tells only who asks this
    process itself.
    """
    service = LedgerServiceASGIApplication(
        _serving(door or Door()), interceptors=[Frame()], read_max_bytes=MESSAGE_BYTES_MAX
    )

    async def serve(scope: Any, receive: Any, send: Any) -> None:
        probe = _PROBES.get(scope["path"]) if scope["type"] == "http" else None
        if probe is None:
            await service(scope, receive, send)
        else:
            await _tell(send, *await asyncio.to_thread(probe, scope))

    return serve


async def _serving(door: Door) -> AsyncGenerator[Door]:
    yield door
    await door.drain()


def _live(_scope: Any) -> tuple[int, str, bytes]:
    return 200, "text/plain", b"ok\n"


def _health(_scope: Any) -> tuple[int, str, bytes]:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        return 503, "application/json", json.dumps({"database": "unreachable"}).encode()
    finally:
        connection.close()
    return 200, "application/json", json.dumps({"database": "ok"}).encode()


def _metrics(scope: Any) -> tuple[int, str, bytes]:
    if _FORWARDED & {name for name, _ in scope["headers"]}:
        return 404, "text/plain", b"Not found\n"
    return 200, CONTENT_TYPE_LATEST, metrics.exposition(with_readings=False)


_PROBES: dict[str, Callable[[Any], tuple[int, str, bytes]]] = {
    "/livez": _live,
    "/healthz": _health,
    "/metrics": _metrics,
}


async def _tell(send: Send, status: int, kind: str, body: bytes) -> None:
    headers = [(b"content-type", kind.encode()), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
