"""Values and rules of the books."""

from apps.ledger.domain.accounts import AccountClass, AccountStatus, Side
from apps.ledger.domain.entries import (
    REVERSAL,
    EntryDraft,
    EntryReceipt,
    PostingDraft,
    credit,
    debit,
    fingerprint,
)

__all__ = [
    "REVERSAL",
    "AccountClass",
    "AccountStatus",
    "EntryDraft",
    "EntryReceipt",
    "PostingDraft",
    "Side",
    "credit",
    "debit",
    "fingerprint",
]
