"""What was said in a call, and the version of it that may be kept."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from apps.platform.log_fields import redact

RECORD_MAX = 4096
LONG_NUMBER = 9
_HEADERS_KEPT = frozenset(
    {
        "content-type", "content-length", "date", "retry-after", "location", "idempotency-key",
        "x-request-id", "traceparent", "request-id", "paypal-debug-id",
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Request:
    """What we asked."""

    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class Exchange:
    """A whole answer. Header names are in lower case; ``body`` is as it came, decompressed."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    elapsed_seconds: float
    request: Request
    sent: bool = True

    def redacted(self) -> dict[str, Any]:
        """The record to keep: no credentials, no personal data, not more than a few kilobytes."""
        return record(self.request, self.elapsed_seconds) | {
            "status": self.status,
            "headers": _headers(self.headers),
            "body": _body(self.body),
        }


def record(request: Request, elapsed_seconds: float) -> dict[str, Any]:
    """The half of the record that is there even when no answer came."""
    return {
        "method": request.method,
        "url": _url(request.url),
        "request_headers": _headers(request.headers),
        "request_body": _body(request.body),
        "elapsed_seconds": round(elapsed_seconds, 3),
    }


def _url(url: str) -> str:
    parts = urlsplit(url)
    query = _covered(dict(parse_qsl(parts.query, keep_blank_values=True)))
    host = parts.netloc.rpartition("@")[2]
    kept = urlunsplit((parts.scheme, host, parts.path, urlencode(query, safe="*"), ""))
    return _covered_text(kept)


def _headers(headers: Mapping[str, str]) -> dict[str, str]:
    """Only headers known to be harmless: anything else may be a credential."""
    return {
        name.lower(): _covered_text(value)
        for name, value in headers.items()
        if name.lower() in _HEADERS_KEPT
    }


def _body(body: bytes) -> str:
    text = body.decode("utf-8", "replace")
    try:
        value = json.loads(text, parse_int=_number)
    except ValueError:
        pairs = parse_qsl(text)
        covered = urlencode(_covered(dict(pairs)), safe="*+ ") if pairs else _covered_text(text)
    else:
        covered = json.dumps(_covered({"body": value})["body"], ensure_ascii=False)
    return covered[:RECORD_MAX]


def _number(digits: str) -> int | str:
    """A long number may be a phone's or a card's: as text it is looked at like any other."""
    return digits if len(digits) >= LONG_NUMBER else int(digits)


def _covered(values: dict[str, Any]) -> dict[str, Any]:
    return redact(None, "", values)


def _covered_text(text: str) -> str:
    """By the look of it: secrets, phones and cards are covered wherever they stand."""
    return str(_covered({"text": text})["text"])
