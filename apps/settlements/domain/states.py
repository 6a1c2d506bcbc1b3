"""The lives of disbursements, batches and breaks. The database holds the same tables of moves."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum


class PayeeKind(StrEnum):
    """Whom we owe."""

    RESTAURANT = "restaurant"
    DRIVER = "driver"


class DisbursementState(StrEnum):
    """Where one payment to one payee stands.

    ``reserved``: the money has left the payee's payable for payouts in transit. ``unknown``: the
    provider may or may not have paid; the money stays in transit until that is proved.
    """

    DRAFT = "draft"
    AWAITING_APPROVAL = "awaiting_approval"
    APPROVED = "approved"
    RESERVED = "reserved"
    UNKNOWN = "unknown"
    PAID = "paid"
    FAILED = "failed"
    CANCELLED = "cancelled"


class BatchState(StrEnum):
    """Where a batch of disbursements stands."""

    OPEN = "open"
    IN_APPROVAL = "in_approval"
    APPROVED = "approved"
    RELEASED = "released"
    SETTLED = "settled"
    CLOSED_WITH_EXCEPTIONS = "closed_with_exceptions"
    REJECTED = "rejected"


class Decision(StrEnum):
    """What an approver says. Sending back reopens the batch for its maker."""

    APPROVE = "approve"
    SEND_BACK = "send_back"
    REJECT = "reject"


class ItemState(StrEnum):
    """An expected item waits until a statement line covers it."""

    EXPECTED = "expected"
    MATCHED = "matched"


class LineKind(StrEnum):
    """What a statement line is about."""

    PAYIN = "payin"
    PAYOUT = "payout"
    FEE = "fee"
    TRANSFER = "transfer"


class BreakKind(StrEnum):
    """Why a difference waits for a person."""

    MISSING_INTERNAL = "missing_internal"  # the provider knows it, we don't
    MISSING_EXTERNAL = "missing_external"  # we know it, the provider doesn't
    AMOUNT = "amount"
    FEE_UNEXPECTED = "fee_unexpected"
    DUPLICATE = "duplicate"
    LATE_SUCCESS = "late_success"  # paid after it was reported failed


class BreakState(StrEnum):
    """The life of a break."""

    OPEN = "open"
    INVESTIGATING = "investigating"
    RESOLVED = "resolved"


DISBURSEMENT_TRANSITIONS: Mapping[str, frozenset[str]] = {
    DisbursementState.DRAFT: frozenset({"awaiting_approval", "cancelled"}),
    DisbursementState.AWAITING_APPROVAL: frozenset({"draft", "approved", "cancelled"}),
    DisbursementState.APPROVED: frozenset({"reserved", "cancelled"}),
    DisbursementState.RESERVED: frozenset({"paid", "failed", "unknown"}),
    DisbursementState.UNKNOWN: frozenset({"paid", "failed"}),
    DisbursementState.PAID: frozenset(),
    DisbursementState.FAILED: frozenset({"paid"}),  # late success, raised as a break
    DisbursementState.CANCELLED: frozenset(),
}

BATCH_TRANSITIONS: Mapping[str, frozenset[str]] = {
    BatchState.OPEN: frozenset({"in_approval", "rejected"}),
    BatchState.IN_APPROVAL: frozenset({"open", "approved", "rejected"}),
    BatchState.APPROVED: frozenset({"released"}),
    BatchState.RELEASED: frozenset({"settled", "closed_with_exceptions"}),
    BatchState.SETTLED: frozenset(),
    BatchState.CLOSED_WITH_EXCEPTIONS: frozenset({"settled"}),
    BatchState.REJECTED: frozenset(),
}

BREAK_TRANSITIONS: Mapping[str, frozenset[str]] = {
    BreakState.OPEN: frozenset({"investigating", "resolved"}),
    BreakState.INVESTIGATING: frozenset({"open", "resolved"}),
    BreakState.RESOLVED: frozenset(),
}


def allowed_pairs(transitions: Mapping[str, frozenset[str]]) -> str:
    """``from>to,from>to,…`` in a fixed order: the argument of the database's guard."""
    pairs = [f"{start}>{end}" for start, ends in transitions.items() for end in sorted(ends)]
    return ",".join(sorted(str(pair) for pair in pairs))
