"""News of what people decide. Ids are public ids (``rul_…``, ``str_…``, ``pin_…``)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from apps.platform.money import Money


@dataclass(frozen=True, slots=True)
class RulingAsked:
    """Somebody says what became of an attempt; a second person decides."""

    name: ClassVar[str] = "payments.ruling_asked"
    version: ClassVar[int] = 1

    ruling_id: str
    attempt_id: str
    verb: str
    amount: Money


@dataclass(frozen=True, slots=True)
class RulingDecided:
    """A ruling was approved, and is carried out, or rejected."""

    name: ClassVar[str] = "payments.ruling_decided"
    version: ClassVar[int] = 1

    ruling_id: str
    attempt_id: str
    verb: str
    amount: Money
    is_approved: bool


@dataclass(frozen=True, slots=True)
class MoneyStrayed:
    """Money came otherwise than it was asked for and waits in suspense.

    ``kind`` is late, second, over, short, corrected or returned; the amount is negative where less
    came than was booked. ``expected_fee`` is what the tariff says of the movement that brought it,
    which was ``moved``; none when the statement shows it as something else.
    """

    name: ClassVar[str] = "payments.money_strayed"
    version: ClassVar[int] = 1

    stray_id: str
    intent_id: str | None
    reference: str
    kind: str
    amount: Money
    moved: Money
    provider_account: str
    provider_reference: str
    expected_fee: Money | None


@dataclass(frozen=True, slots=True)
class StrayUsed:
    """Strayed money, or a part of it, has found its place.

    ``use`` is accepted, refunded, refund_undone or moved; ``target`` the payment's reference or the
    account.
    """

    name: ClassVar[str] = "payments.stray_used"
    version: ClassVar[int] = 1

    stray_id: str
    use: str
    amount: Money
    left: Money
    target: str


@dataclass(frozen=True, slots=True)
class PayInRefunded:
    """A pay-in nobody wanted went back to its payer."""

    name: ClassVar[str] = "payments.pay_in_refunded"
    version: ClassVar[int] = 1

    pay_in_id: str
    amount: Money
    provider_account: str
    provider_reference: str


@dataclass(frozen=True, slots=True)
class DisputeMoved:
    """A dispute moved money of the provider account: withdrawn, reinstated, fee, fee_returned."""

    name: ClassVar[str] = "payments.dispute_moved"
    version: ClassVar[int] = 1

    dispute_id: str
    intent_id: str
    kind: str
    amount: Money
    provider_account: str
    provider_reference: str


@dataclass(frozen=True, slots=True)
class DiscrepancyOpened:
    """The provider's money and our books do not agree, or a fee is not the tariff's."""

    name: ClassVar[str] = "payments.discrepancy_opened"
    version: ClassVar[int] = 1

    discrepancy_id: str
    kind: str
    provider_account: str
    expected: Money
    found: Money


@dataclass(frozen=True, slots=True)
class DiscrepancyClosed:
    """A discrepancy vanished, or a person explained it."""

    name: ClassVar[str] = "payments.discrepancy_closed"
    version: ClassVar[int] = 1

    discrepancy_id: str
    kind: str
    provider_account: str
    explanation: str


@dataclass(frozen=True, slots=True)
class WithdrawalLeft:
    """The provider pays our balance out to our bank; ``bank`` is its account's label, if known."""

    name: ClassVar[str] = "payments.withdrawal_left"
    version: ClassVar[int] = 1

    withdrawal_id: str
    provider_account: str
    provider_reference: str
    amount: Money
    bank: str


@dataclass(frozen=True, slots=True)
class WithdrawalCame:
    """The provider says that its payout has reached our bank."""

    name: ClassVar[str] = "payments.withdrawal_came"
    version: ClassVar[int] = 1

    withdrawal_id: str
    provider_account: str
    provider_reference: str
    amount: Money
    bank: str


@dataclass(frozen=True, slots=True)
class WithdrawalFailed:
    """The provider's payout to our bank failed; the money is at the provider again."""

    name: ClassVar[str] = "payments.withdrawal_failed"
    version: ClassVar[int] = 1

    withdrawal_id: str
    provider_account: str
    provider_reference: str
    amount: Money
    bank: str
