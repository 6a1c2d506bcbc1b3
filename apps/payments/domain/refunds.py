"""The life of a refund."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum


class RefundStatus(StrEnum):
    """Where a refund stands. Its attempt has a finer state of its own."""

    AWAITING_APPROVAL = "awaiting_approval"
    REJECTED = "rejected"
    APPROVED = "approved"  # taken from those who bear it, on its way to the payer
    SUCCEEDED = "succeeded"
    FAILED = "failed"  # given back to those who bore it
    REVERSED = "reversed"  # had been paid and came back


#: Refunds that count against what may still be given back.
LIVE_REFUNDS = (RefundStatus.AWAITING_APPROVAL, RefundStatus.APPROVED, RefundStatus.SUCCEEDED)
REFUND_MOVES: Mapping[RefundStatus, frozenset[RefundStatus]] = {
    RefundStatus.AWAITING_APPROVAL: frozenset({RefundStatus.APPROVED, RefundStatus.REJECTED}),
    RefundStatus.REJECTED: frozenset(),
    RefundStatus.APPROVED: frozenset(
        {RefundStatus.SUCCEEDED, RefundStatus.FAILED, RefundStatus.REVERSED}
    ),
    RefundStatus.SUCCEEDED: frozenset({RefundStatus.REVERSED}),
    RefundStatus.FAILED: frozenset({RefundStatus.SUCCEEDED}),
    RefundStatus.REVERSED: frozenset(),
}
