"""The only way out over HTTP: timeouts, no redirects, a cap on answers, and one honest question.

When a call to a provider goes wrong, what matters is whether anything left us. ``NotSent`` is
proof that nothing did, and the call may be made again. ``AnswerLost`` says that bytes were sent and
no whole answer came: the provider may have acted on them.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any
from urllib.parse import urlsplit

import httpx
from opentelemetry import propagate, trace
from prometheus_client import Histogram

CONNECT_SECONDS = 5
READ_SECONDS = 30
ANSWER_BYTES_MAX = 20 * 1024 * 1024

#: httpx raises these before the first byte of a request has been written.
_BEFORE_SENDING = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.PoolTimeout,
    httpx.UnsupportedProtocol,
    httpx.InvalidURL,
)
OUTBOUND_SECONDS = Histogram(
    "house_outbound_http_seconds",
    "Time of a call to somebody else's server, by host and outcome.",
    ["host", "outcome"],
)
tracer = trace.get_tracer("countinghouse")


@dataclass(eq=False)
class NotSent(Exception):
    """Proved: nothing of the request left us."""

    reason: str


@dataclass(eq=False)
class AnswerLost(Exception):
    """The request left us, and no whole answer came back. Whether it took effect is unknown."""

    reason: str


@dataclass(frozen=True, slots=True)
class Exchange:
    """A request that was answered, whatever the status."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    elapsed_seconds: float


class HttpClient:
    """Sends one request at a time and never repeats one by itself."""

    def send(  # noqa: PLR0913  the parts of an HTTP request, each by name
        self,
        method: str,
        url: str,
        *,
        json: object = None,
        data: bytes | Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        timeout_seconds: float = READ_SECONDS,
        auth: tuple[str, str] | None = None,
    ) -> Exchange:
        """Send and read the whole answer. Raises ``NotSent`` or ``AnswerLost``.

        ``timeout_seconds`` is for the answer; connecting has five seconds.
        """
        carried = dict(headers or {})
        host = urlsplit(url).hostname or ""
        began = time.perf_counter()
        outcome = "not_sent"
        with tracer.start_as_current_span(f"{method} {host}", kind=trace.SpanKind.CLIENT):
            propagate.inject(carried)
            try:
                exchange = _exchange(
                    _client().build_request(
                        method,
                        url,
                        json=json,
                        content=data if isinstance(data, bytes) else None,
                        data=None if isinstance(data, bytes) else data,
                        headers=carried,
                        timeout=httpx.Timeout(timeout_seconds, connect=CONNECT_SECONDS),
                    ),
                    auth,
                    began,
                )
                outcome = f"{exchange.status // 100}xx"
            except AnswerLost:
                outcome = "answer_lost"
                raise
            finally:
                OUTBOUND_SECONDS.labels(host=host, outcome=outcome).observe(
                    time.perf_counter() - began
                )
        return exchange


def _exchange(request: httpx.Request, auth: tuple[str, str] | None, began: float) -> Exchange:
    body = bytearray()
    try:
        answer = _client().send(request, auth=auth, stream=True)
        try:
            for piece in answer.iter_bytes():
                body += piece
                if len(body) > ANSWER_BYTES_MAX:
                    raise AnswerLost("the answer is larger than anything expected")
        finally:
            answer.close()
    except _BEFORE_SENDING as error:
        raise NotSent(type(error).__name__) from error
    except (httpx.HTTPError, httpx.StreamError) as error:
        raise AnswerLost(type(error).__name__) from error
    return Exchange(
        status=answer.status_code,
        headers=dict(answer.headers),
        body=bytes(body),
        elapsed_seconds=time.perf_counter() - began,
    )


@cache
def _client() -> httpx.Client:
    """One for the process. No connection is kept: a stale one would lose answers needlessly."""
    return httpx.Client(
        follow_redirects=False,
        trust_env=False,
        limits=httpx.Limits(max_keepalive_connections=0),
    )
