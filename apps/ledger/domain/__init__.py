"""Values and rules of the books."""

from apps.ledger.domain.accounts import AccountClass, AccountStatus, BalanceMode, Side
from apps.ledger.domain.entries import (
    POSTINGS_MAX,
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
from apps.ledger.domain.holds import (
    CaptureDraft,
    HoldDraft,
    HoldMovementKind,
    HoldReason,
    HoldReceipt,
    HoldStatus,
    ReleaseDraft,
)
from apps.ledger.domain.modes import Keeping, Obligations, advised

__all__ = [
    "POSTINGS_MAX",
    "RESERVED_KINDS",
    "REVERSAL",
    "AccountClass",
    "AccountStatus",
    "BalanceMode",
    "CaptureDraft",
    "EntryDraft",
    "EntryReceipt",
    "HoldDraft",
    "HoldMovementKind",
    "HoldReason",
    "HoldReceipt",
    "HoldStatus",
    "Keeping",
    "Obligations",
    "PostingDraft",
    "Precondition",
    "ReleaseDraft",
    "Side",
    "advised",
    "credit",
    "debit",
    "fingerprint",
]
