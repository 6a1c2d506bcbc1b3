"""The lowest floor of a call: looking up, connecting, and noticing the first byte that leaves."""

from __future__ import annotations

import ssl
import time
from collections.abc import Iterable, Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

import httpcore
import httpx

from apps.platform import ssrf


@dataclass(slots=True)
class Call:
    """What is known of the call in progress. ``deadline`` is a reading of the monotonic clock."""

    deadline: float
    is_sent: bool = False

    @property
    def seconds_left(self) -> float:
        """Until the deadline; never negative."""
        return max(self.deadline - time.monotonic(), 0)


current_call: ContextVar[Call] = ContextVar("current_call")


class _WatchedStream(httpcore.NetworkStream):
    """A connection that notes when the request begins to leave, and keeps to the deadline.

    The TLS handshake does not pass through ``write``: a handshake that fails has sent nothing of
    the request. Reads are cut at the deadline too, so an answer that trickles cannot hold us.
    """

    def __init__(self, stream: httpcore.NetworkStream, call: Call) -> None:
        self._stream = stream
        self._call = call

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, self._limit(timeout, httpcore.ReadTimeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        limit = self._limit(timeout, httpcore.WriteTimeout)
        self._call.is_sent = self._call.is_sent or bool(buffer)
        self._stream.write(buffer, limit)

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.NetworkStream:
        limit = self._limit(timeout, httpcore.ConnectTimeout)
        return _WatchedStream(
            self._stream.start_tls(ssl_context, server_hostname, limit), self._call
        )

    def close(self) -> None:
        self._stream.close()

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)

    def _limit(self, timeout: float | None, late: type[Exception]) -> float:
        left = self._call.seconds_left
        if left <= 0:
            raise late("the call took too long")
        return left if timeout is None else min(timeout, left)


class _Network(httpcore.SyncBackend):
    """Connects to an address that was looked up once; names go on only as SNI and Host."""

    def __init__(self, resolver: ssrf.Resolver, wall: ssrf.Wall | None) -> None:
        super().__init__()
        self._resolver = resolver
        self._wall = wall

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        call = current_call.get()
        give_up_at = time.monotonic() + min(timeout or call.seconds_left, call.seconds_left)
        failure: Exception = httpcore.ConnectError(f"{host} has no address")
        for address in self._addresses(host, port):
            left = give_up_at - time.monotonic()
            if left <= 0:
                raise httpcore.ConnectTimeout(f"no connection to {host}")
            try:
                stream = super().connect_tcp(address, port, left, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = error
            else:
                return _WatchedStream(stream, call)
        raise failure

    def _addresses(self, host: str, port: int) -> Sequence[str]:
        try:
            if self._wall is not None:
                return ssrf.public_addresses(host, port, self._resolver, self._wall)
            return self._resolver(host, port)
        except OSError as error:
            raise httpcore.ConnectError(f"{host} was not found") from error


class Transport(httpx.HTTPTransport):
    """One connection per call, HTTP/1.1, no proxy from the environment.

    A kept connection may be closed by the other side just as we write to it, and then nobody can
    say whether the request was read. A fresh one costs a handshake and leaves no such doubt.
    """

    def __init__(self, ca_file: str, resolver: ssrf.Resolver, wall: ssrf.Wall | None) -> None:
        context = (
            ssl.create_default_context(cafile=ca_file)
            if ca_file
            else httpx.create_ssl_context(trust_env=False)
        )
        super().__init__(verify=context, trust_env=False)
        self._pool = httpcore.ConnectionPool(
            ssl_context=context,
            max_connections=None,
            max_keepalive_connections=0,
            network_backend=_Network(resolver, wall),
        )
