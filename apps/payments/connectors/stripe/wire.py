"""Stripe's JSON and times, read without trusting them; and what of it may be kept."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Never

_SECRET = frozenset(
    {"client_secret", "secret", "billing_details", "receipt_email", "email", "phone", "url"}
)
_ID = re.compile(r"[A-Za-z0-9_.:-]{1,120}")
_LONGEST_TEXT = 500
_DEEPEST = 8
_LATEST = 32_503_680_000  # the year 3000, in seconds


def document(body: bytes) -> dict[str, object]:
    """A JSON object with exact numbers; anything else reads as an empty one."""
    try:
        value = json.loads(body, parse_float=Decimal, parse_constant=_no_number)
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def _no_number(name: str) -> Never:
    raise ValueError(f"{name} is no JSON")


def inner(value: object, *names: str) -> dict[str, object]:
    """The object at a path, or an empty one."""
    for name in names:
        value = value.get(name) if isinstance(value, Mapping) else None
    return dict(value) if isinstance(value, Mapping) else {}


def rows(value: object) -> list[dict[str, object]]:
    """The objects of a list; what is no object is left out."""
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def text(value: object) -> str:
    """A text fit to be kept, or nothing: no NUL and no half character, which a database refuses."""
    if not isinstance(value, str):
        return ""
    return value.replace("\x00", "").encode("utf-8", "replace").decode()


def id_of(value: object) -> str:
    """The id of an object, shown whole or by its id alone; nothing that does not look like one."""
    id = value.get("id") if isinstance(value, Mapping) else value
    return id if isinstance(id, str) and _ID.fullmatch(id) else ""


def moment(value: object) -> datetime | None:
    """Seconds since 1970 in UTC."""
    if type(value) is not int or not 0 <= value <= _LATEST:
        return None
    return datetime.fromtimestamp(value, UTC)


def covered(value: object, depth: int = 0) -> object:
    """What may be kept as evidence: no secrets, nothing that names a person, nothing endless."""
    if depth > _DEEPEST:
        return "…"
    if isinstance(value, Mapping):
        return {
            text(name): "***" if name in _SECRET and item else covered(item, depth + 1)
            for name, item in value.items()
        }
    if isinstance(value, list):
        return [covered(item, depth + 1) for item in value[:50]]
    if isinstance(value, Decimal):
        return str(value)
    return text(value)[:_LONGEST_TEXT] if isinstance(value, str) else value


def covered_document(body: bytes) -> dict[str, object]:
    """An answer as evidence."""
    kept = covered(document(body))
    return kept if isinstance(kept, dict) else {}
