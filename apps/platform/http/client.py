"""The client."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Any, TypedDict, Unpack
from urllib.parse import urlsplit

import httpx
from opentelemetry import trace
from prometheus_client import Histogram

from apps.platform import context, ssrf
from apps.platform.errors import AnswerLost, DomainError, NotSent
from apps.platform.http.exchange import Exchange, Request, record
from apps.platform.http.wire import Call, Transport, current_call

SECONDS = Histogram(
    "house_http_client_seconds",
    "Time of a call to another system, by what became of it.",
    ["peer", "outcome"],
    buckets=(0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 30, 60),
)
USER_AGENT = "Countinghouse/1"
tracer = trace.get_tracer("countinghouse")


class Options(TypedDict, total=False):
    """What a call may carry. ``auth`` is a name and a password for Basic authentication.

    ``timeout_seconds`` is how long the whole answer may take once we are connected.
    """

    json: Any
    data: Mapping[str, str] | bytes
    params: Mapping[str, str]
    headers: Mapping[str, str]
    auth: tuple[str, str]
    timeout_seconds: float


@dataclass(frozen=True, kw_only=True)
class HttpClient:
    """Calls other systems: never follows a redirect, keeps no cookie, reads no proxy settings.

    ``peer`` names the other side in metrics. ``ssrf_guard`` is for addresses that strangers chose
    (see ``apps.platform.ssrf``), and ``wall`` what it lets through. ``ca_file`` replaces the public
    certificate authorities. With ``is_head_enough`` an answer longer than ``body_max_bytes`` is cut
    there instead of being taken for lost.
    """

    peer: str = ""
    ssrf_guard: bool = False
    wall: ssrf.Wall = ssrf.CLOSED
    connect_seconds: float = 5
    read_seconds: float = 30
    body_max_bytes: int = 20 * 1024 * 1024
    is_head_enough: bool = False
    ca_file: str = ""
    resolver: ssrf.Resolver = ssrf.resolve

    def send(self, method: str, url: str, **options: Unpack[Options]) -> Exchange:
        """One call and its whole answer, whatever its status; or ``NotSent`` or ``AnswerLost``."""
        seconds = options.get("timeout_seconds", self.read_seconds)
        call = Call(deadline=time.monotonic() + self.connect_seconds + seconds)
        timeout = httpx.Timeout(seconds, connect=self.connect_seconds)
        with self._observed(method, url) as outcome:
            if self.ssrf_guard:
                ssrf.check_form(url, self.wall)
            request, said = self._request(method, url, timeout, options)
            started = time.monotonic()
            token = current_call.set(call)
            try:
                exchange = self._exchange(request, said, started)
            except (httpx.HTTPError, _TooLarge) as error:
                failure = AnswerLost if call.is_sent else NotSent
                kept = record(said, time.monotonic() - started)
                raise failure(host=_host(url), reason=_reason(error), record=kept) from error
            finally:
                current_call.reset(token)
            outcome.append(f"{exchange.status // 100}xx")
        return exchange

    def _request(
        self, method: str, url: str, timeout: httpx.Timeout, options: Options
    ) -> tuple[httpx.Request, Request]:
        """The request as it will go out, the trace in its headers, and our note of it."""
        headers = dict(options.get("headers", {}))
        data = options.get("data")
        if traceparent := context.traceparent():
            headers["traceparent"] = traceparent
        try:
            request = self._client.build_request(
                method,
                url,
                content=data if isinstance(data, bytes) else None,
                data=None if isinstance(data, bytes) else data,
                json=options.get("json"),
                params=options.get("params"),
                headers=headers,
                timeout=timeout,
            )
        except httpx.InvalidURL as error:
            raise NotSent(host="", reason="InvalidURL") from error
        if "auth" in options:
            request = next(httpx.BasicAuth(*options["auth"]).auth_flow(request))
        said = Request(method, str(request.url), dict(request.headers), request.content)
        return request, said

    def _exchange(self, request: httpx.Request, said: Request, started: float) -> Exchange:
        response = self._client.send(request, stream=True)
        try:
            body = bytearray()
            for chunk in response.iter_bytes():
                body += chunk
                if len(body) > self.body_max_bytes:
                    if not self.is_head_enough:
                        raise _TooLarge
                    del body[self.body_max_bytes :]
                    break
        finally:
            response.close()
        elapsed = time.monotonic() - started
        return Exchange(response.status_code, dict(response.headers), bytes(body), elapsed, said)

    @property
    def _client(self) -> httpx.Client:
        return _client(self.ca_file, self.resolver, self.wall if self.ssrf_guard else None)

    @contextmanager
    def _observed(self, method: str, url: str) -> Iterator[list[str]]:
        """Trace and time the call. A stranger's host is no label: there may be any number."""
        peer = self.peer or ("guarded" if self.ssrf_guard else _host(url))
        outcome: list[str] = []
        started = time.perf_counter()
        with tracer.start_as_current_span(f"{method} {peer}", kind=trace.SpanKind.CLIENT) as span:
            try:
                yield outcome
            except DomainError as error:
                outcome.append(error.code.partition("/")[2])
                raise
            finally:
                told = outcome[0] if outcome else "failed"
                span.set_attribute("house.outcome", told)
                seconds = time.perf_counter() - started
                SECONDS.labels(peer=peer, outcome=told).observe(seconds)


class _TooLarge(Exception):
    """The answer is longer than we read."""


@cache
def _client(ca_file: str, resolver: ssrf.Resolver, wall: ssrf.Wall | None) -> httpx.Client:
    """Making one reads all certificate authorities, so they are kept. They hold no connection."""
    return httpx.Client(
        transport=Transport(ca_file, resolver, wall),
        headers={"User-Agent": USER_AGENT, "Accept-Encoding": "identity"},
        cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
        follow_redirects=False,
        trust_env=False,
    )


def _host(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


def _reason(error: Exception) -> str:
    """The kind of failure, without the text, which may quote what was sent."""
    return type(error).__name__.lstrip("_")
