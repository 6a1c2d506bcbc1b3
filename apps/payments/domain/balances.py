"""Provider money against our books."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from apps.platform.money import Money


class DiscrepancyKind(StrEnum):
    """What does not agree."""

    BALANCE = "balance"
    FEE = "fee"


class DiscrepancyState(StrEnum):
    """The life of a discrepancy. ``vanished``: a later reading agreed."""

    OPEN = "open"
    EXPLAINED = "explained"
    VANISHED = "vanished"


class WithdrawalStatus(StrEnum):
    """Where the provider's payout to our bank stands."""

    LEFT = "left"
    PAID = "paid"
    FAILED = "failed"


def unexplained(drift: int, *, coming: int, going: int, fees: int) -> int:
    """What remains of a drift (held minus ledger, minor units) after what is under way.

    What the provider may have and we have not booked yet lies between everything outgoing plus the
    fees not booked (it holds less) and everything coming in (it holds more).
    """
    if drift > coming:
        return drift - coming
    least = -(going + fees)
    return drift - least if drift < least else 0


@dataclass(frozen=True, slots=True)
class BalanceRow:
    """The newest reading of an account. ``held`` and the rest are missing before the first."""

    account: str
    name: str
    held: Money | None
    ledger: Money | None
    coming: Money | None
    going: Money | None
    fees: Money | None
    unexplained: Money | None
    at: datetime | None
    asked_at: datetime | None
    problem: str


@dataclass(frozen=True, slots=True)
class DiscrepancyRow:
    """A discrepancy as people may see it."""

    id: UUID
    kind: DiscrepancyKind
    state: DiscrepancyState
    provider_account: str
    expected: Money
    found: Money
    said: str
    intent_id: UUID | None
    owner_id: UUID | None
    owner_name: str
    opened_at: datetime
    seen_at: datetime
    explanation: str
    explained_by: str
    closed_at: datetime | None

    @property
    def difference(self) -> Money:
        """Found minus expected."""
        return self.found - self.expected


@dataclass(frozen=True, slots=True)
class WithdrawalRow:
    """The provider's payout to our bank."""

    id: UUID
    provider_account: str
    reference: str
    amount: Money
    status: WithdrawalStatus
    bank: str
    arrival_at: datetime | None
    heard_at: datetime
    entry_ids: tuple[UUID, ...]
