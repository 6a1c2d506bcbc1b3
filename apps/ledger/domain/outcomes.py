"""What came of entries that were posted together, each for itself."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from apps.ledger.domain.entries import EntryReceipt
from apps.platform.errors import DomainError


class Together(StrEnum):
    """How the entries of one call hang together."""

    ATOMIC = "atomic"  # all or none
    INDEPENDENT = "independent"  # each for itself
    LINKED = "linked"  # the entries of a group all or none


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryOutcome:
    """One of the two: the entry is in the books, or it was refused."""

    idempotency_key: str
    receipt: EntryReceipt | None = None
    refusal: DomainError | None = None
