"""What every log line carries, and what none may carry."""

from __future__ import annotations

import re
from typing import Any

from apps.platform import context

_SECRET_NAMES = re.compile(
    r"(?i)(password|passwd|secret|token|authorization|cookie|api[_-]?key|credential|passkey|pin)$"
)
_SECRET_TEXT = [
    (re.compile(r"\bch_(?:live|test)_[A-Za-z0-9_\-.]+"), "ch_***"),
    (re.compile(r"(?i)\bbearer\s+[A-Za-z0-9._\-]+"), "Bearer ***"),
    (re.compile(r"\b(254[17])\d{5}(\d{3})\b"), r"\1*****\2"),  # Kenyan mobile numbers
    (re.compile(r"\b(?:\d[ -]?){13,19}\b"), "***"),  # card numbers
]


def add_context(_logger: object, _method: str, line: dict[str, Any]) -> dict[str, Any]:
    """Add request and trace ids where there are any. The tenant is bound by its resolver."""
    if current := context.request_id.get():
        line.setdefault("request_id", current)
    if current := context.trace_id():
        line.setdefault("trace_id", current)
    return line


def redact(_logger: object, _method: str, line: dict[str, Any]) -> dict[str, Any]:
    """Cover secrets and personal data, by name of the field and by look of the text."""
    return {name: _covered(name, value) for name, value in line.items()}


def _covered(name: str, value: Any) -> Any:
    if _SECRET_NAMES.search(name):
        return "***"
    if isinstance(value, str):
        for pattern, cover in _SECRET_TEXT:
            value = pattern.sub(cover, value)
        return value
    if isinstance(value, dict):
        return {key: _covered(str(key), inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_covered(name, inner) for inner in value]
    return value
