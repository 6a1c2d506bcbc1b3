"""What payments tells the world. One event per fact; the intent or attempt is the aggregate.

Ids are public ids (``pi_…``, ``att_…``); ``payout_ref`` is the UUID that settlements gave the
payout, ``provider_account`` the label of the account, ``expected_fee`` what its tariff says (none
when there is no tariff).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from apps.platform.money import Money


@dataclass(frozen=True, slots=True)
class PaymentCaptured:
    """A customer's payment of at least what was asked has arrived and is in the books.

    ``pay_in_id`` names the pay-in it was made of, when it came in unasked.
    """

    name: ClassVar[str] = "payments.payment_captured"
    version: ClassVar[int] = 1

    intent_id: str
    reference: str
    amount: Money
    provider_reference: str
    payer_masked: str
    provider_account: str
    expected_fee: Money | None
    pay_in_id: str | None = None


@dataclass(frozen=True, slots=True)
class PayInReceived:
    """Money came in that nobody was asked for. It stands in suspense until it is used.

    ``learnt_from`` is callback, pull, statement or operator.
    """

    name: ClassVar[str] = "payments.pay_in_received"
    version: ClassVar[int] = 1

    pay_in_id: str
    amount: Money
    provider_reference: str
    provider_account: str
    account_reference: str
    payer_masked: str
    learnt_from: str
    expected_fee: Money | None


@dataclass(frozen=True, slots=True)
class PayInUsed:
    """A pay-in, or a part of it, has found its place: ``use`` is applied, moved or refunded.

    ``target`` is the reference of a payment or the code of an account.
    """

    name: ClassVar[str] = "payments.pay_in_used"
    version: ClassVar[int] = 1

    pay_in_id: str
    use: str
    amount: Money
    left: Money
    target: str


@dataclass(frozen=True, slots=True)
class PaymentFailed:
    """An attempt to collect is over and no money has moved. ``code`` is ours, stable."""

    name: ClassVar[str] = "payments.payment_failed"
    version: ClassVar[int] = 1

    intent_id: str
    reference: str
    amount: Money
    code: str
    reason: str


@dataclass(frozen=True, slots=True)
class PaymentUnknown:
    """Nobody can say yet whether a collection took place; it is being asked about."""

    name: ClassVar[str] = "payments.payment_unknown"
    version: ClassVar[int] = 1

    intent_id: str
    reference: str
    amount: Money
    code: str


@dataclass(frozen=True, slots=True)
class PaymentAmountDiffers:
    """What was really paid is not what was asked; the difference stands in suspense."""

    name: ClassVar[str] = "payments.payment_amount_differs"
    version: ClassVar[int] = 1

    intent_id: str
    reference: str
    asked: Money
    paid: Money
    provider_reference: str


@dataclass(frozen=True, slots=True)
class PaymentExpired:
    """The time to pay is over and nothing is under way."""

    name: ClassVar[str] = "payments.payment_expired"
    version: ClassVar[int] = 1

    intent_id: str
    reference: str
    amount: Money


@dataclass(frozen=True, slots=True)
class PayoutPaid:
    """The beneficiary has the money."""

    name: ClassVar[str] = "payments.payout_paid"
    version: ClassVar[int] = 1

    payout_ref: str
    attempt_id: str
    amount: Money
    provider_reference: str
    provider_account: str
    expected_fee: Money | None


@dataclass(frozen=True, slots=True)
class PayoutFailed:
    """It is proved that the payout did not and will not happen."""

    name: ClassVar[str] = "payments.payout_failed"
    version: ClassVar[int] = 1

    payout_ref: str
    attempt_id: str
    amount: Money
    code: str
    reason: str


@dataclass(frozen=True, slots=True)
class PayoutUnknown:
    """Nobody can say yet whether the payout took place. The money stays where it is reserved."""

    name: ClassVar[str] = "payments.payout_unknown"
    version: ClassVar[int] = 1

    payout_ref: str
    attempt_id: str
    amount: Money
    code: str


@dataclass(frozen=True, slots=True)
class ProviderSuspended:
    """So many requests met trouble that no more leave for a while; a few are tried soon."""

    name: ClassVar[str] = "payments.provider_suspended"
    version: ClassVar[int] = 1

    provider_account: str
    operation: str


@dataclass(frozen=True, slots=True)
class ProviderRecovered:
    """The trials after a suspension did well: requests leave again."""

    name: ClassVar[str] = "payments.provider_recovered"
    version: ClassVar[int] = 1

    provider_account: str
    operation: str


@dataclass(frozen=True, slots=True)
class PayoutReturned:
    """A payout that had been paid came back: the money is on our account again.

    What a provider told stands in suspense. What a bank's file told is not in the books yet: it is
    a line of the statement that no payment of ours explains.
    """

    name: ClassVar[str] = "payments.payout_returned"
    version: ClassVar[int] = 1

    payout_ref: str
    attempt_id: str
    amount: Money
    reason: str
    provider_reference: str
    provider_account: str


@dataclass(frozen=True, slots=True)
class BankFileDelivered:
    """A file of payouts is in the bank's folder."""

    name: ClassVar[str] = "payments.bank_file_delivered"
    version: ClassVar[int] = 1

    file_id: str
    provider_account: str
    message_id: str
    payouts: int
    total: Money


@dataclass(frozen=True, slots=True)
class BankFileQuarantined:
    """A file of the bank was put aside: unreadable, unproved, or at odds with what we know."""

    name: ClassVar[str] = "payments.bank_file_quarantined"
    version: ClassVar[int] = 1

    file_id: str
    provider_account: str
    file_name: str
    code: str
    problem: str


@dataclass(frozen=True, slots=True)
class BankStatementReceived:
    """A bank's closing statement has been read and proved; its file can be asked for."""

    name: ClassVar[str] = "payments.bank_statement_received"
    version: ClassVar[int] = 1

    file_id: str
    provider_account: str
    file_format: str
    file_name: str
