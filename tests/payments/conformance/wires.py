"""HTTP clients that spoil one call on purpose and remember what went over them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from apps.platform.http import AnswerLost, Exchange, NotSent
from apps.platform.http.exchange import Request

Send = Callable[..., Exchange]
PAGE = b"<html><body><h1>502 Bad Gateway</h1></body></html>"


def answer(status: int, body: bytes, kind: str = "application/json") -> Callable[[Send], Exchange]:
    """Nothing is carried out, and this is answered."""

    def instead(_send: Send) -> Exchange:
        return Exchange(status, {"content-type": kind}, body, 0.0, Request("POST", "http://x"))

    return instead


def never_sent(_send: Send) -> Exchange:
    """No connection."""
    raise NotSent(host="x", reason="ConnectError")


def timed_out(_send: Send) -> Exchange:
    """Sent, and neither carried out nor answered."""
    raise AnswerLost(host="x", reason="ReadTimeout")


def answer_lost(send: Send) -> Exchange:
    """Carried out, and the answer is lost."""
    send()
    raise AnswerLost(host="x", reason="RemoteProtocolError")


#: What answers prove nothing, by their names in the table of clauses.
UNREADABLE = {
    "html": answer(200, PAGE, "text/html"),
    "malformed": answer(200, b'{"id": "1", '),
    "empty": answer(200, b""),
    "wrong type": answer(200, b"OK", "text/plain"),
    "not an object": answer(200, b"[1, 2]"),
}


@dataclass
class Wire:
    """``spoil`` takes the place of the first call that ``is_ours`` says is the operation's own."""

    http: Any
    is_ours: Callable[[str, str], bool]
    spoil: Callable[[Send], Exchange] | None = None
    asked: list[dict[str, Any]] = field(default_factory=list)

    def send(self, method: str, url: str, **options: Any) -> Exchange:
        self.asked.append({"method": method, "url": url, **options})

        def really() -> Exchange:
            exchange: Exchange = self.http.send(method, url, **options)
            return exchange

        if self.spoil is not None and self.is_ours(method, url):
            spoil, self.spoil = self.spoil, None
            return spoil(really)
        return really()
