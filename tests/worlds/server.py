"""A small threaded HTTP server: requests and responses as values, and a table of routes."""

from __future__ import annotations

import re
import socket
import sys
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from tests.worlds import wire

MAX_BODY_BYTES = 1_000_000


@dataclass(frozen=True, slots=True)
class Request:
    """What a client asked. Header names are lower case."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes
    params: Mapping[str, str] = field(default_factory=dict)

    def below(self, prefix: str) -> Request:
        """The same request as seen by whoever is mounted at ``prefix``."""
        return replace(self, path=self.path.removeprefix(prefix)) if prefix else self

    def json(self) -> dict[str, Any]:
        """The body as a JSON object; ``ValueError`` when it is anything else."""
        value = wire.decode(self.body)
        if not isinstance(value, dict):
            raise ValueError("the body is not a JSON object")  # noqa: TRY004  as bad as no JSON
        return value


@dataclass(frozen=True, slots=True)
class Response:
    """What is answered. ``dropped`` closes the connection instead, as a lost answer does."""

    status: int = 200
    body: bytes = b""
    content_type: str = "application/json"
    dropped: bool = False
    headers: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def json(cls, value: object, *, status: int = 200) -> Response:
        return cls(status=status, body=wire.encode(value).encode())

    @classmethod
    def drop(cls) -> Response:
        return cls(dropped=True)


Handler = Callable[[Request], Response]


class NoRoute(LookupError):
    """Nothing is served at this path."""


class WrongMethod(LookupError):
    """The path exists, but not for this method."""


class Routes:
    """Maps a method and a path, with ``{name}`` parts, to a handler."""

    def __init__(self) -> None:
        self._table: list[tuple[str, re.Pattern[str], Handler]] = []

    def add(self, methods: str, path: str, handler: Handler) -> None:
        """Serve ``path`` for the space-separated ``methods``."""
        pattern = re.compile(re.sub(r"\\{(\w+)\\}", r"(?P<\1>[^/]+)", re.escape(path)))
        for method in methods.split():
            self._table.append((method, pattern, handler))

    def find(self, request: Request) -> tuple[Handler, Request]:
        """The handler, and the request with the path's named parts filled in."""
        known = False
        for method, pattern, handler in self._table:
            if found := pattern.fullmatch(request.path):
                known = True
                if method == request.method:
                    return handler, replace(request, params=found.groupdict())
        raise WrongMethod(request.path) if known else NoRoute(request.path)


class Server(ThreadingHTTPServer):
    """Serves one answering function on loopback, a thread per connection."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, port: int, answer: Handler) -> None:
        super().__init__(("127.0.0.1", port), _Connection)
        self.answer = answer

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hangs up is its own business; everything else is shown."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            traceback.print_exc()


class _Connection(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # one packet per answer: header and body together, no delayed acknowledgement
    server: Server

    def do_GET(self) -> None:
        self._serve()

    do_POST = do_PUT = do_DELETE = do_PATCH = do_GET  # noqa: N815  the base class's names

    def _serve(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        if length > MAX_BODY_BYTES:
            self.close_connection = True
            self._write(Response(status=413))
            return
        parts = urlsplit(self.path)
        request = Request(
            method=self.command,
            path=parts.path,
            query=dict(parse_qsl(parts.query)),
            headers={name.lower(): value for name, value in self.headers.items()},
            body=self.rfile.read(length),
        )
        self._write(self._answer(request))

    def _answer(self, request: Request) -> Response:
        try:
            return self.server.answer(request)
        except Exception:  # noqa: BLE001  the outermost loop of a connection: show it, keep serving
            traceback.print_exc()
            return Response.json({"error": "the simulator failed; see its log"}, status=500)

    def _write(self, response: Response) -> None:
        if response.dropped:
            self.close_connection = True
            self.connection.shutdown(socket.SHUT_RDWR)
            return
        self.send_response(response.status)
        self.send_header("Content-Type", response.content_type)
        self.send_header("Content-Length", str(len(response.body)))
        for name, value in response.headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(response.body)
        self.wfile.flush()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  the base class's name
        """Say nothing: what was asked is in the books."""
