"""Pay-ins nobody asked for: what they are, and the rules by which one is known to be whose.

A payer types the account reference by hand, so case and separators mean nothing. That is as far as
certainty goes: a reference that only looks like ours (``O`` for ``0``) is for a person to see.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from uuid import UUID

from apps.payments.domain import phones
from apps.payments.domain.states import IntentStatus
from apps.platform.money import Money

_SEPARATORS = re.compile(r"[^A-Z0-9]")
_ALIKE = str.maketrans("OIL", "011")
#: A payment may be settled by a pay-in as long as nothing has come in and nothing is under way.
PAYABLE = frozenset(
    {
        IntentStatus.REQUIRES_METHOD,
        IntentStatus.FAILED,
        IntentStatus.EXPIRED,
        IntentStatus.CANCELLED,
    }
)
#: Of these the payer was told nothing else since: money that fits is certainly meant for them.
OPEN = frozenset({IntentStatus.REQUIRES_METHOD, IntentStatus.FAILED})
CANDIDATES_MAX = 10
#: How far apart a payment that was asked for and a pay-in may be to be shown together.
AROUND = timedelta(days=7)


class PayInState(StrEnum):
    """What has become of a pay-in's money."""

    OPEN = "open"  # some of it stands in suspense
    REFUNDING = "refunding"  # a second person is asked, or the provider is
    USED = "used"  # all of it has been applied, moved or given back


class PayInUse(StrEnum):
    """What a part of a pay-in was used for."""

    APPLIED = "applied"  # to a payment that was asked for
    MOVED = "moved"  # to the account of a party
    REFUNDED = "refunded"  # back to the payer


class PayInRefundState(StrEnum):
    """Giving a pay-in back, from being asked for to being done."""

    ASKED = "asked"
    APPROVED = "approved"  # the provider is asked
    REJECTED = "rejected"
    DONE = "done"
    FAILED = "failed"


class ReceiptState(StrEnum):
    """A receipt recorded by hand."""

    RECORDED = "recorded"
    APPROVED = "approved"  # and posted
    CANCELLED = "cancelled"


#: How money is handed over that no provider tells of.
METHODS = ("cash", "cheque", "bank_slip")

PAY_IN_MOVES: Mapping[PayInState, frozenset[PayInState]] = {
    PayInState.OPEN: frozenset({PayInState.REFUNDING, PayInState.USED}),
    PayInState.REFUNDING: frozenset({PayInState.OPEN, PayInState.USED}),
    PayInState.USED: frozenset(),
}


def plain(reference: str) -> str:
    """A reference without what a hand adds or leaves out: case, spaces and separators."""
    return _SEPARATORS.sub("", reference.upper())


def folded(reference: str) -> str:
    """Also without what an eye mistakes. ``payments_folded_reference_v1`` is the same in SQL."""
    return plain(reference).translate(_ALIKE)


@dataclass(frozen=True, slots=True)
class Payable:
    """A payment that was asked for, as far as matching needs it. ``phone`` is the payer's."""

    id: UUID
    reference: str
    asked: Money
    status: IntentStatus
    phone: str
    description: str
    created_at: datetime
    keys: frozenset[str] = frozenset()  # what it was called at the provider


@dataclass(frozen=True, slots=True)
class Paid:
    """A pay-in, as far as matching needs it. ``payer`` is in whatever disguise it was shown."""

    amount: Money
    account_reference: str
    payer: str
    paid_at: datetime


@dataclass(frozen=True, slots=True)
class Candidate:
    """A payment that a pay-in may be meant for, and every reason to think so."""

    payment: Payable
    score: int
    reasons: tuple[str, ...]
    why_not: str = ""  # it cannot be applied to this one now


@dataclass(frozen=True, slots=True)
class Certainty:
    """The one payment a pay-in is certainly meant for, or why there is none."""

    payment: Payable | None
    why: str


def certainty(paid: Paid, payables: Sequence[Payable]) -> Certainty:
    """Rule ``reference+amount``: the typed reference is, but for case and separators, that of
    exactly one payment; that one is open; and the amount is exactly what was asked.
    """
    typed = plain(paid.account_reference)
    named = [payment for payment in payables if typed and typed == plain(payment.reference)]
    if not typed:
        return Certainty(None, "No account reference was given.")
    if not named:
        return Certainty(None, "No payment has this account reference.")
    if len(named) > 1:
        return Certainty(None, "Several payments have this account reference.")
    (payment,) = named
    if payment.status not in OPEN:
        return Certainty(None, f"{payment.reference} is {payment.status.replace('_', ' ')}.")
    if payment.asked != paid.amount:
        return Certainty(None, f"{payment.reference} asks for {payment.asked}.")
    return Certainty(payment, "The account reference and the amount are those of the payment.")


def candidates(paid: Paid, payables: Sequence[Payable], left: Money) -> list[Candidate]:
    """The payments it may be meant for, the likeliest first; ``left`` is what is not used yet."""
    found = [_candidate(paid, payment, left) for payment in payables]
    likely = [candidate for candidate in found if candidate.score > 0]
    likely.sort(key=lambda c: (bool(c.why_not), -c.score, c.payment.created_at, c.payment.id))
    return likely[:CANDIDATES_MAX]


def _candidate(paid: Paid, payment: Payable, left: Money) -> Candidate:
    reasons = [*_by_reference(paid, payment), *_by_circumstance(paid, payment)]
    why_not = why_not_applied(payment, left)
    # The amount and the day alone fit many payments: they support a reason, they are none.
    is_reason = any(points >= _REASON for points, _said in reasons)
    return Candidate(
        payment=payment,
        score=sum(points for points, _said in reasons) if is_reason else 0,
        reasons=tuple(said for _points, said in reasons),
        why_not=why_not,
    )


_REASON = 20


def _by_reference(paid: Paid, payment: Payable) -> list[tuple[int, str]]:
    typed, ours = paid.account_reference, payment.reference
    if not plain(typed):
        return []
    if plain(typed) == plain(ours):
        return [(60, "The account reference is the payment's.")]
    if plain(typed) in {plain(key) for key in payment.keys}:
        return [(50, "The account reference is one the payer was asked under.")]
    if folded(typed) == folded(ours):
        return [(40, "The account reference looks like the payment's.")]
    return []


def _by_circumstance(paid: Paid, payment: Payable) -> list[tuple[int, str]]:
    found = []
    if payment.asked == paid.amount:
        found.append((25, "The amount is what was asked."))
    if paid.payer and payment.phone and phones.fits(paid.payer, payment.phone):
        found.append((20, "The payer's number may be the same."))
    if abs(paid.paid_at - payment.created_at) <= timedelta(days=1):
        found.append((5, "Asked for within a day of being paid."))
    return found


def why_not_applied(payment: Payable, left: Money) -> str:
    """Why ``left`` cannot settle the payment; empty when it can."""
    if payment.status not in PAYABLE:
        return f"The payment is {payment.status.replace('_', ' ')}."
    if payment.asked.currency != left.currency:
        return f"The payment is in {payment.asked.currency}."
    if payment.asked > left:
        return f"The payment asks for {payment.asked}, which is more than is left."
    return ""


class Answer(StrEnum):
    """What a payer who asks first is told."""

    ACCEPTED = "accepted"
    BAD_ACCOUNT = "bad_account"
    BAD_AMOUNT = "bad_amount"
    BAD_SHORTCODE = "bad_shortcode"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class PayInRules:
    """Whom an account lets pay. ``needs_reference``: only under the reference of a payment that is
    open; ``by_default`` is the answer when the books cannot be asked in time.
    """

    least_minor: int = 1
    most_minor: int | None = None
    needs_reference: bool = False
    by_default: Answer = Answer.ACCEPTED


def is_in_range(rules: PayInRules, amount: Money) -> bool:
    """Whether the account takes such an amount at all."""
    return rules.least_minor <= amount.minor <= (rules.most_minor or amount.minor)


def answer_to(typed: str, payables: Sequence[Payable]) -> Answer:
    """Whether an open payment has the reference that was typed."""
    known = any(
        plain(typed) == plain(payment.reference) and payment.status in PAYABLE
        for payment in payables
    )
    return Answer.ACCEPTED if known else Answer.BAD_ACCOUNT


@dataclass(frozen=True, slots=True)
class PayInUseRow:
    """A part of a pay-in that has been used. ``target`` is a payment's reference or an account."""

    use: PayInUse
    amount: Money
    target: str
    intent_id: UUID | None
    entry_id: UUID
    rule: str
    actor: str
    reason: str
    at: datetime


@dataclass(frozen=True, slots=True)
class PayInRefundRow:
    """A wish to give a pay-in back."""

    id: UUID
    state: PayInRefundState
    reason: str
    asked_by: str
    asked_person: str
    asked_at: datetime
    decided_by: str
    decided_at: datetime | None
    said: str


@dataclass(frozen=True, slots=True)
class PayInRow:
    """Money that came in unasked. ``payer`` is masked; ``left`` stands in suspense."""

    id: UUID
    provider_account: str
    receipt: str
    amount: Money
    left: Money
    state: PayInState
    account_reference: str
    payer: str
    payer_name: str
    source: str
    doubt: str
    paid_at: datetime
    received_at: datetime
    entry_id: UUID
    uses: tuple[PayInUseRow, ...] = ()
    refunds: tuple[PayInRefundRow, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiptDraft:
    """Money handed over by hand. ``evidence`` is the name of a kept file, ``sha256`` of its bytes.

    ``number`` is the receipt's, the cheque's or the slip's: the same one is recorded once.
    """

    provider_account: str
    method: str
    number: str
    amount: Money
    received_date: date
    account_reference: str
    payer_name: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class ReceiptRow:
    """A receipt recorded by hand."""

    id: UUID
    provider_account: str
    method: str
    number: str
    amount: Money
    received_date: date
    account_reference: str
    payer_name: str
    note: str
    state: ReceiptState
    evidence: str
    evidence_sha256: str
    recorded_by: str
    recorded_person: str
    recorded_at: datetime
    decided_by: str
    decided_at: datetime | None
    decision_reason: str
    pay_in_id: UUID | None
