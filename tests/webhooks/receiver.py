"""Somebody else's server: it listens on a real port, and verifies as its owner would."""

from __future__ import annotations

import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from standardwebhooks import Webhook

Headers = dict[str, str]
#: What it answers: a status, headers, a body.
Answer = tuple[int, Headers, bytes]


class Receiver:
    """Keeps every request. ``answers`` decides; by default everything is fine."""

    def __init__(self) -> None:
        self.heard: list[tuple[Headers, bytes]] = []
        self.answer: Callable[[Headers, bytes], Answer] = lambda _headers, _body: (204, {}, b"")
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                headers = {name.lower(): value for name, value in self.headers.items()}
                receiver.heard.append((headers, body))
                status, extra, content = receiver.answer(headers, body)
                self.send_response(status)
                for name, value in {**extra, "Content-Length": str(len(content))}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}/hook"

    @property
    def ids(self) -> list[str]:
        """The ``webhook-id`` of every request, in the order they came."""
        return [headers["webhook-id"] for headers, _ in self.heard]

    def says(self, status: int, body: bytes = b"", **headers: str) -> None:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        self.answer = lambda _headers, _body: (status, named, body)

    def verified(self, secret: str) -> list[dict[str, object]]:
        """Every body, checked by the package that receivers use."""
        hook = Webhook(secret)
        return [hook.verify(body, headers) for headers, body in self.heard]

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
