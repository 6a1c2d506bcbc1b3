"""Which events an endpoint wants.

A type is an event's name with its version: ``payments.payment_captured.v1``. A pattern is a type,
or a name for all its versions, in which ``*`` stands for any letters: ``*``, ``payments.*``,
``*.payout_*``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from fnmatch import fnmatchcase

PATTERN_MAX = 120
PATTERNS_MAX = 50
_FORM = re.compile(r"[a-z0-9_.*]{1,120}")


def is_pattern(text: str) -> bool:
    """Whether the text can name events: lower case, digits, underscores, full stops, stars."""
    return _FORM.fullmatch(text) is not None


def wants(patterns: Iterable[str], event_type: str) -> bool:
    """Whether one of the patterns names events of that type, by its version or without."""
    name, _, _version = event_type.rpartition(".v")
    return any(fnmatchcase(event_type, one) or fnmatchcase(name, one) for one in patterns)
