"""Values and rules of the books."""

from apps.ledger.domain.accounts import AccountClass, AccountStatus, BalanceMode, Side
from apps.ledger.domain.entries import (
    RESERVED_KINDS,
    REVERSAL,
    EntryDraft,
    EntryReceipt,
    PostingDraft,
    Precondition,
    credit,
    debit,
    fingerprint,
)

__all__ = [
    "RESERVED_KINDS",
    "REVERSAL",
    "AccountClass",
    "AccountStatus",
    "BalanceMode",
    "EntryDraft",
    "EntryReceipt",
    "PostingDraft",
    "Precondition",
    "Side",
    "credit",
    "debit",
    "fingerprint",
]
