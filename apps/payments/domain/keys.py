"""Our references at providers."""

from __future__ import annotations

import base64
import hashlib
import re
from uuid import UUID

_PLAIN = re.compile(r"[A-Za-z0-9-]+")


def short_key(reference: str, number: int, attempt: UUID, longest: int) -> str:
    """A key that fits ``longest`` letters and is used once.

    The first attempt carries the reference itself where it fits, so that the payer recognises it.
    Later attempts and long references get letters from a hash: a cut-off reference would be shared
    by several orders, and then a payment could not be told from another.
    """
    if number == 1 and len(reference) <= longest and _PLAIN.fullmatch(reference):
        return reference
    digest = hashlib.sha256(attempt.bytes).digest()
    return base64.b32encode(digest).decode()[:longest]


def payout_clearing_key(payout_ref: UUID) -> str:
    """The key under which what is reserved for a payout comes to zero once it has left."""
    return f"payout:{payout_ref}"
