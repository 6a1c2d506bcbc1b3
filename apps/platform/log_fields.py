"""What every log line carries, and what none may carry.

The redactor runs last, over the finished line, tracebacks included. It covers fields by their name
and texts by what they look like. Numbers stay as they are but in fields named for personal data:
amounts, ids and times are what logs are read for, so a text is only covered when it proves itself
(a card number by issuer, length and Luhn digit, an IBAN by its check digits).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from apps.platform import context
from apps.platform.cards import is_card_number
from apps.platform.ibans import is_iban

_SECRET_NAME = re.compile(
    r"(?i)(password|passwd|passphrase|secret|token|authorization|cookie|api[_-]?key|private[_-]?key"
    r"|idempotency[_-]?key|credentials?|passkey|(?:^|[_-])pin)(?:[_-]?(?:value|hash|header))?$"
)
_PHONE_NAME = re.compile(r"(?i)(phone|phone_?number|msisdn|party_?[ab])$")

# Not inside a longer word, number or id: UUIDs, ULIDs, hashes and decimals are no numbers of cards.
_START = r"(?<![A-Za-z0-9_.\-+])"
_END = r"(?![A-Za-z0-9_\-])(?!\.\d)"
_CARD = re.compile(
    _START + r"(?:\d{13,19}|\d{4}([ -])\d{4}\1\d{4}\1\d{1,7}|3\d{3}([ -])\d{6}\2\d{5})" + _END
)
_IBAN = re.compile(
    r"(?<![A-Za-z0-9])[A-Z]{2}\d{2}(?:[A-Z0-9]{11,30}|(?: [A-Z0-9]{4}){2,7}(?: [A-Z0-9]{1,4})?)"
    r"(?![A-Za-z0-9])"
)
_PHONES = (
    re.compile(r"(?<![A-Za-z0-9_.\-])(\+\d{2,5})[ \d-]{4,10}(\d{3})" + _END),
    re.compile(r"(?i)(%2B\d{2,5})\d{4,10}(\d{3})(?![A-Za-z0-9])"),  # in an address
    re.compile(_START + r"(254[17])\d{5}(\d{3})" + _END),  # Kenyan mobile numbers
    re.compile(_START + r"(0[17])\d{5}(\d{3})" + _END),
)
_SECRETS: tuple[tuple[re.Pattern[str], str], ...] = (
    (
        re.compile(
            r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*KEY-----|\Z)", re.DOTALL
        ),
        "***",
    ),
    (re.compile(r"\bch_(?:live|test)_[A-Za-z0-9_\-.]+"), "ch_***"),
    (re.compile(r"\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*"), "***"),  # RFC 7519
    (re.compile(r"(?i)\b(bearer|basic)\s+[A-Za-z0-9._~+/\-]{6,}=*"), r"\1 ***"),
    (re.compile(r"(?i)\b([a-z][a-z0-9+.-]*://)[^\s/@\"']+@"), r"\1***@"),  # RFC 3986 userinfo
    (re.compile(r"(/in/[a-z0-9_-]+/)[^/\s\"'?]+"), r"\1***"),  # our callback addresses
    (
        re.compile(
            r"(?i)((?:password|passkey|secret|api_?key|access_?token|token)[\"']?\s*[=:]\s*)"
            r"(\"[^\"]+\"|'[^']+'|[^\s,;&\"'}]+)"
        ),
        r"\1***",
    ),
)
_HAS_DIGITS = re.compile(r"\d{3}")


def add_context(_logger: object, _method: str, line: dict[str, Any]) -> dict[str, Any]:
    """Add request, actor and place in a trace where there are any; tenancy binds the tenant."""
    for name, value in (
        ("request_id", context.request_id.get()),
        ("actor", context.actor.get()),
        ("trace_id", context.trace_id()),
        ("span_id", context.span_id()),
    ):
        if value:
            line.setdefault(name, value)
    return line


def redact(_logger: object, _method: str, line: dict[str, Any]) -> dict[str, Any]:
    """Cover secrets and personal data in the finished line."""
    return {name: _covered(name, value) for name, value in line.items()}


def _covered(name: str, value: Any) -> Any:
    if value is None or isinstance(value, bool):
        return value
    if _SECRET_NAME.search(name):
        return "***"
    if _PHONE_NAME.search(name) and isinstance(value, int | str):
        return f"***{str(value)[-3:]}"
    return _covered_inside(name, value)


def _covered_inside(name: str, value: Any) -> Any:
    match value:
        case str():
            return covered_text(value)
        case int() | float():
            return value
        case dict():
            return {str(key): _covered(str(key), inner) for key, inner in value.items()}
        case list() | tuple() | set() | frozenset():
            return [_covered(name, inner) for inner in value]
        case bytes():
            return covered_text(value.decode(errors="replace"))
    return covered_text(str(value))


def covered_text(text: str) -> str:
    """The text with whatever looks secret or personal covered."""
    for pattern, cover in _SECRETS:
        text = pattern.sub(cover, text)
    if _HAS_DIGITS.search(text) is None and _IBAN.search(text) is None:
        return text
    text = _CARD.sub(_if(is_card_number, lambda number: f"***{number[-4:]}"), text)
    text = _IBAN.sub(_if(is_iban, lambda number: f"{number[:2]}***{number[-4:]}"), text)
    for pattern in _PHONES:
        text = pattern.sub(r"\1*****\2", text)
    return text


def _if(
    proves: Callable[[str], bool], cover: Callable[[str], str]
) -> Callable[[re.Match[str]], str]:
    def replace(match: re.Match[str]) -> str:
        plain = re.sub(r"[ -]", "", match[0])
        return cover(plain) if proves(plain) else match[0]

    return replace
