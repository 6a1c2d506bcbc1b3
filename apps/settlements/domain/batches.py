"""What an approval covers."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, order=True)
class DigestLine:
    """One line of a batch, as it was shown to the approver."""

    reference: str
    payee: str
    destination: str
    amount_minor: int
    currency: str


def contents_digest(batch: str, lines: Iterable[DigestLine]) -> str:
    """SHA-256 in hex over the batch's reference and its lines, whatever order they come in."""
    rows = [
        [line.reference, line.payee, line.destination, str(line.amount_minor), line.currency]
        for line in sorted(lines)
    ]
    return hashlib.sha256(json.dumps([batch, rows], separators=(",", ":")).encode()).hexdigest()
