"""The life of a refund."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from apps.platform.money import Money


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


@dataclass(frozen=True, slots=True)
class RefundRow:
    """A refund as people and other apps may see it. ``problem`` is what the provider said."""

    id: UUID
    intent_id: UUID
    reference: str
    amount: Money
    status: RefundStatus
    reason: str
    asked_by: str
    asked_at: datetime
    decided_by: str
    decided_at: datetime | None
    note: str
    problem: str
