"""Money that came otherwise than it was asked for, and what may be done with it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from apps.platform.money import Money


class StrayKind(StrEnum):
    """Why it is in suspense."""

    LATE = "late"  # the payment had expired or was called off
    SECOND = "second"  # the payment had been paid
    OVER = "over"  # more than was asked
    SHORT = "short"  # less than was asked
    CORRECTED = "corrected"  # a better source named another amount
    RETURNED = "returned"  # a payout that had been paid came back


class StrayState(StrEnum):
    """The life of strayed money. ``refunding``: a refund out of it is decided or on its way."""

    OPEN = "open"
    REFUNDING = "refunding"
    DONE = "done"


class StrayUseKind(StrEnum):
    """Where it went."""

    ACCEPTED = "accepted"  # to those whom the payment belongs to
    REFUNDED = "refunded"  # back to the payer
    REFUND_UNDONE = "refund_undone"  # the refund failed or came back
    MOVED = "moved"  # to the account of a party


@dataclass(frozen=True, slots=True)
class StrayFacts:
    """What decides about the verbs. ``all_left`` is what all strays of the payment have left."""

    kind: StrayKind
    state: StrayState
    left: Money
    has_payment: bool
    asked: Money
    all_left: Money
    is_settled: bool
    why_no_refund: str


def why_not_accepted(facts: StrayFacts) -> str:
    """Why it cannot go to those whom the payment belongs to; empty when it can."""
    if closed := _closed(facts):
        return closed
    if not facts.has_payment:
        return "It belongs to no payment."
    if facts.left.minor < 0:
        return "" if facts.is_settled else "Those it belongs to were never credited."
    if facts.is_settled:
        return "The payment has all it asked for."
    if facts.all_left < facts.asked:
        return f"{facts.asked - facts.all_left} is missing: a payment takes only all it asks for."
    return ""


def why_not_refunded(facts: StrayFacts) -> str:
    """Why it cannot go back to the payer; empty when it can."""
    if closed := _closed(facts):
        return closed
    if not facts.has_payment:
        return "A payout came back: it has no payer."
    if facts.left.minor < 0:
        return "Less came than was booked: there is nothing to give back."
    return facts.why_no_refund


def why_not_moved(facts: StrayFacts) -> str:
    """Why it cannot go to a party's account; empty when it can."""
    return _closed(facts)


def _closed(facts: StrayFacts) -> str:
    if facts.state == StrayState.DONE:
        return "All of it has its place."
    if facts.state == StrayState.REFUNDING:
        return "A refund of it is decided about or on its way."
    return ""


@dataclass(frozen=True, slots=True)
class StrayUseRow:
    """Where a part of it went."""

    use: StrayUseKind
    amount: Money
    account: str
    refund_id: UUID | None
    entry_id: UUID
    reason: str
    actor: str
    at: datetime


@dataclass(frozen=True, slots=True)
class StrayRow:
    """Strayed money as people may see it; ``left`` is negative where less came than was booked."""

    id: UUID
    kind: StrayKind
    state: StrayState
    amount: Money
    left: Money
    provider_account: str
    provider_reference: str
    intent_id: UUID | None
    reference: str
    status: str
    attempt_id: UUID
    refund_id: UUID | None
    opened_at: datetime
    closed_at: datetime | None
    entry_id: UUID | None
    uses: tuple[StrayUseRow, ...] = ()
