"""The one request: signed, walled in, bounded in time."""

from __future__ import annotations

from dataclasses import dataclass, field
from uuid import UUID

from django.conf import settings

from apps.platform import ssrf
from apps.platform.errors import AddressRefused, AnswerLost, NotSent
from apps.platform.http import Exchange, HttpClient
from apps.platform.log_fields import covered_text
from apps.webhooks.domain.signing import signature_headers
from apps.webhooks.domain.states import Outcome

CONNECT_SECONDS = 5
ANSWER_SECONDS = 15
#: What is kept of an answer.
HEAD_BYTES = 2048
HEADER_MAX = 200
_HEADERS_KEPT = ("content-type", "retry-after", "location", "date", "server")
GONE = 410
PEER = "webhooks"


@dataclass(frozen=True, slots=True, kw_only=True)
class Parcel:
    """A claimed delivery with all a request needs, so that sending asks no database."""

    endpoint_id: UUID
    delivery_id: UUID
    attempt_id: UUID
    number: int
    url: str
    message_id: str
    timestamp: int
    body: bytes
    secrets: tuple[str, ...] = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """How the request ended. ``problem`` is a word about what went wrong on the way."""

    outcome: Outcome
    status: int | None = None
    problem: str = ""
    elapsed_ms: int | None = None
    headers: dict[str, str] = field(default_factory=dict)
    head: str = ""


def wall() -> ssrf.Wall:
    """What this house lets endpoints be."""
    return ssrf.Wall(frozenset(settings.ENV.webhook_ports), settings.ENV.webhook_loopback)


def call(parcel: Parcel) -> Result:
    """Send it once and say what became of it. Raises nothing that a stranger can provoke."""
    client = HttpClient(
        peer=PEER,
        ssrf_guard=True,
        wall=wall(),
        connect_seconds=CONNECT_SECONDS,
        read_seconds=ANSWER_SECONDS,
        body_max_bytes=HEAD_BYTES,
        is_head_enough=True,
    )
    headers = signature_headers(
        message_id=parcel.message_id,
        timestamp=parcel.timestamp,
        body=parcel.body,
        keys=parcel.secrets,
    )
    try:
        exchange = client.send(
            "POST",
            parcel.url,
            data=parcel.body,
            headers={"Content-Type": "application/json", **headers},
        )
    except AddressRefused as error:
        return Result(outcome=Outcome.BLOCKED, problem=error.reason)
    except NotSent as error:
        return Result(outcome=Outcome.NOT_SENT, problem=error.reason)
    except AnswerLost as error:
        return Result(outcome=Outcome.NO_ANSWER, problem=error.reason)
    return _answered(exchange)


def _answered(exchange: Exchange) -> Result:
    return Result(
        outcome=_outcome(exchange.status),
        status=exchange.status,
        elapsed_ms=round(exchange.elapsed_seconds * 1000),
        headers={
            name: covered_text(_plain(exchange.headers[name]))[:HEADER_MAX]
            for name in _HEADERS_KEPT
            if name in exchange.headers
        },
        head=covered_text(_plain(exchange.body.decode("utf-8", "replace")))[:HEAD_BYTES],
    )


def _outcome(status: int) -> Outcome:
    """2xx and nothing else is a success; a redirect is an answer that refuses."""
    if 200 <= status < 300:  # noqa: PLR2004  RFC 9110
        return Outcome.ACCEPTED
    return Outcome.GONE if status == GONE else Outcome.REFUSED


def _plain(text: str) -> str:
    """PostgreSQL's text holds no NUL."""
    return text.replace("\x00", "\ufffd")
