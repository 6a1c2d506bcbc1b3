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
from apps.ledger.domain.outcomes import EntryOutcome, Together

__all__ = [
    "POSTINGS_MAX",
    "RESERVED_KINDS",
    "REVERSAL",
    "AccountClass",
    "AccountStatus",
    "BalanceMode",
    "CaptureDraft",
    "EntryDraft",
    "EntryOutcome",
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
    "Together",
    "advised",
    "credit",
    "debit",
    "fingerprint",
]
