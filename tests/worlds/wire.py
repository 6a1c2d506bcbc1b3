"""JSON with exact decimals both ways: an amount never passes through a float."""

from __future__ import annotations

import json
import re
from decimal import Decimal

_MARKED = re.compile(r'"<decimal (-?\d+(?:\.\d+)?)>"')


def _mark(value: object) -> str:
    if isinstance(value, Decimal):
        return f"<decimal {value}>"
    raise TypeError(f"{type(value).__name__} has no JSON form here")


def encode(value: object) -> str:
    """JSON text in which ``Decimal("10.00")`` stands as the number ``10.00``."""
    return _MARKED.sub(r"\1", json.dumps(value, default=_mark))


def decode(text: bytes | str) -> object:
    """The value of JSON text, its fractions as ``Decimal``."""
    value: object = json.loads(text, parse_float=Decimal)
    return value
