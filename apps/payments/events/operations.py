"""News of held money, refunds and disputes. Ids are public ids (``pi_…``, ``rf_…``, ``dp_…``)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from apps.platform.money import Money


@dataclass(frozen=True, slots=True)
class PaymentCancelled:
    """The payment is called off before any money came."""

    name: ClassVar[str] = "payments.payment_cancelled"
    version: ClassVar[int] = 1

    intent_id: str
    reference: str
    amount: Money


@dataclass(frozen=True, slots=True)
class PaymentAuthorised:
    """The payer's money is held and can be captured."""

    name: ClassVar[str] = "payments.payment_authorised"
    version: ClassVar[int] = 1

    intent_id: str
    reference: str
    amount: Money
    provider_account: str


@dataclass(frozen=True, slots=True)
class PaymentVoided:
    """Money that was held is not any more; nothing was taken of what is left."""

    name: ClassVar[str] = "payments.payment_voided"
    version: ClassVar[int] = 1

    intent_id: str
    reference: str
    amount: Money
    provider_account: str


@dataclass(frozen=True, slots=True)
class PaymentActionRequired:
    """The payer must act: the payment's ``action`` says how."""

    name: ClassVar[str] = "payments.payment_action_required"
    version: ClassVar[int] = 1

    intent_id: str
    reference: str
    amount: Money
    provider_account: str


@dataclass(frozen=True, slots=True)
class PaymentPartlyCaptured:
    """Part of what is held was taken; ``captured`` is the sum so far."""

    name: ClassVar[str] = "payments.payment_partly_captured"
    version: ClassVar[int] = 1

    intent_id: str
    reference: str
    amount: Money
    captured: Money
    provider_reference: str
    provider_account: str
    expected_fee: Money | None


@dataclass(frozen=True, slots=True)
class RefundRequested:
    """Somebody asked to give money back; a second person decides."""

    name: ClassVar[str] = "payments.refund_requested"
    version: ClassVar[int] = 1

    refund_id: str
    intent_id: str
    reference: str
    amount: Money
    reason: str


@dataclass(frozen=True, slots=True)
class RefundRejected:
    """A refund was refused by a second person."""

    name: ClassVar[str] = "payments.refund_rejected"
    version: ClassVar[int] = 1

    refund_id: str
    intent_id: str
    reference: str
    amount: Money
    note: str


@dataclass(frozen=True, slots=True)
class RefundPaid:
    """The payer has the money back."""

    name: ClassVar[str] = "payments.refund_paid"
    version: ClassVar[int] = 1

    refund_id: str
    intent_id: str
    reference: str
    amount: Money
    provider_reference: str
    provider_account: str


@dataclass(frozen=True, slots=True)
class RefundReversed:
    """A refund that had been paid came back."""

    name: ClassVar[str] = "payments.refund_reversed"
    version: ClassVar[int] = 1

    refund_id: str
    intent_id: str
    reference: str
    amount: Money
    provider_reference: str
    provider_account: str


@dataclass(frozen=True, slots=True)
class RefundFailed:
    """It is proved that a refund will not be paid; it is undone in the books."""

    name: ClassVar[str] = "payments.refund_failed"
    version: ClassVar[int] = 1

    refund_id: str
    intent_id: str
    reference: str
    amount: Money
    code: str
    reason: str


@dataclass(frozen=True, slots=True)
class DisputeOpened:
    """A payer wants a payment undone. ``due_by`` is when evidence must be in."""

    name: ClassVar[str] = "payments.dispute_opened"
    version: ClassVar[int] = 1

    dispute_id: str
    intent_id: str
    reference: str
    amount: Money
    reason: str
    due_by: datetime | None


@dataclass(frozen=True, slots=True)
class DisputeDeadlineNear:
    """Evidence is due soon and none has been handed in."""

    name: ClassVar[str] = "payments.dispute_deadline_near"
    version: ClassVar[int] = 1

    dispute_id: str
    intent_id: str
    reference: str
    amount: Money
    reason: str
    due_by: datetime


@dataclass(frozen=True, slots=True)
class DisputeAnswered:
    """Our evidence was handed in, or we gave in."""

    name: ClassVar[str] = "payments.dispute_answered"
    version: ClassVar[int] = 1

    dispute_id: str
    intent_id: str
    reference: str
    amount: Money
    reason: str
    is_accepted: bool


@dataclass(frozen=True, slots=True)
class DisputeClosed:
    """A dispute is over: won, lost, accepted or closed without a verdict."""

    name: ClassVar[str] = "payments.dispute_closed"
    version: ClassVar[int] = 1

    dispute_id: str
    intent_id: str
    reference: str
    amount: Money
    reason: str
    verdict: str
