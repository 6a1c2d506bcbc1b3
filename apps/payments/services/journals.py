"""The journal entries of payments: one per event that moves money, in its transaction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from apps.ledger.domain import EntryDraft, PostingDraft, credit, debit
from apps.ledger.services import post_entry
from apps.payments.connectors.accounts import DisputeMovement
from apps.payments.connectors.base import ProviderFact
from apps.payments.domain import allocations, payout_clearing_key
from apps.payments.domain.allocations import Allocation
from apps.payments.models import Attempt, PaymentIntent, ProviderAccount, Refund
from apps.payments.services.announcing import intent_of
from apps.platform import clock
from apps.platform.actors import Actor
from apps.platform.ids import public_id
from apps.platform.money import Money
from apps.platform.tenant import current_tenant

#: Approved refunds on their way, money that disputes hold, and what they cost.
REFUNDS, DISPUTED, DISPUTE_LOSSES = "2810", "1150", "5100"
#: What providers have paid out to our bank and the bank does not have yet.
TRANSIT = "1190"


def allocation_of(intent: PaymentIntent) -> list[Allocation]:
    """The credit legs that were agreed when the intent was made."""
    return legs_of(intent.allocation, intent.currency)


@dataclass(frozen=True, slots=True)
class Moved:
    """One event that moved money: ``amount`` is what it added, ``fee`` what the provider kept."""

    event_id: UUID
    attempt: Attempt
    amount: Money
    fact: ProviderFact
    fee: Money
    actor: Actor

    def post(self, kind: str, said: str, postings: list[PostingDraft]) -> UUID:
        """Post the entry of this event, the provider's fee with it."""
        account = self.attempt.provider_account
        if self.fee:
            postings += [
                debit(account.fee_account, self.fee), credit(account.clearing_account, self.fee)
            ]  # fmt: skip
        return _post(self.event_id, kind, said, postings, self.fact.provider_time, self.actor)


def capture_legs(attempt: Attempt, paid: Money, *, is_first: bool) -> list[tuple[str, Money]]:
    """Whom money that arrived belongs to; suspense where it is not what was asked for."""
    own = legs_of(attempt.allocation, paid.currency)
    return allocations.credits(
        own or allocation_of(intent_of(attempt)),
        paid,
        is_first=is_first or bool(own),
        suspense=attempt.provider_account.suspense_account,
    )


def book_capture(moved: Moved, *, is_first: bool, is_late: bool = False) -> UUID:
    """Money has arrived: debit the account's mirror, credit those it belongs to.

    When the payment was over by then, nobody is credited before people have decided.
    """
    account, intent = moved.attempt.provider_account, intent_of(moved.attempt)
    legs = capture_legs(moved.attempt, moved.amount, is_first=is_first)
    legs = [(account.suspense_account, moved.amount)] if is_late else legs
    postings = [debit(account.clearing_account, moved.amount)]
    postings += [credit(code, amount) for code, amount in legs]
    said = f"Payment {intent.reference} by {account.name}, {moved.fact.reference}"
    return moved.post("payments.capture", said, postings)


def book_correction(moved: Moved) -> UUID:
    """A better source names another amount than the one booked: the difference is suspense.

    What was allocated may have been paid out already, so it is not taken back: a payment that
    turns out smaller leaves suspense with a debit, until a person resolves it.
    """
    account, intent = moved.attempt.provider_account, intent_of(moved.attempt)
    amount = abs(moved.amount)
    more = [debit(account.clearing_account, amount), credit(account.suspense_account, amount)]
    less = [debit(account.suspense_account, amount), credit(account.clearing_account, amount)]
    postings = more if moved.amount.minor > 0 else less
    return moved.post(
        "payments.correction", f"Payment {intent.reference}: amount corrected", postings
    )


def book_payout(moved: Moved) -> UUID:
    """Money has left: what was reserved is debited, the account's mirror credited."""
    attempt, account = moved.attempt, moved.attempt.provider_account
    key = payout_clearing_key(attempt.payout_ref) if attempt.payout_ref else ""
    if attempt.is_return:  # the pay-in stands in suspense under its receipt
        key = str(attempt.party["value"])
    postings = [
        debit(attempt.debit_account, moved.amount, key),
        credit(account.clearing_account, moved.amount),
    ]
    said = f"Payout by {account.name}, {moved.fact.reference}"
    return moved.post("payments.payout", said, postings)


def book_return(moved: Moved) -> UUID:
    """A payout that had been paid came back: it is ours again, and people decide what for."""
    account, amount = moved.attempt.provider_account, abs(moved.amount)
    postings = [debit(account.clearing_account, amount), credit(account.suspense_account, amount)]
    said = f"Payout by {account.name} came back, {moved.fact.reference}"
    return moved.post("payments.payout_return", said, postings)


def book_refund(moved: Moved) -> UUID:
    """A refund has reached the payer, or came back after it had: the reverse."""
    account, intent = moved.attempt.provider_account, intent_of(moved.attempt)
    amount = abs(moved.amount)
    out = [debit(REFUNDS, amount), credit(account.clearing_account, amount)]
    back = [debit(account.clearing_account, amount), credit(REFUNDS, amount)]
    is_out = moved.amount.minor > 0
    said = f"Refund of {intent.reference} {'paid' if is_out else 'came back'}"
    return moved.post("payments.refund", said, out if is_out else back)


def book_refund_decision(refund: Refund, event_id: UUID, actor: Actor, *, is_on: bool) -> UUID:
    """An approved refund is taken from those who bear it at once; a failed one is given back."""
    amount = Money(refund.amount_minor, refund.currency)
    legs = legs_of(refund.allocation, refund.currency)
    on = [debit(leg.account, leg.amount) for leg in legs] + [credit(REFUNDS, amount)]
    off = [credit(leg.account, leg.amount) for leg in legs] + [debit(REFUNDS, amount)]
    what = "approved" if is_on else "not paid"
    said = f"Refund of {refund.intent.reference} {what}"
    return _post(event_id, "payments.refund", said, on if is_on else off, None, actor)


def book_dispute(
    event_id: UUID, account: ProviderAccount, movement: DisputeMovement, said: str, actor: Actor
) -> UUID:
    """Money that a dispute took or gave back stands in reserve until the verdict; fees do not."""
    mirror, amount = account.clearing_account, movement.amount
    postings = {
        "withdrawn": [debit(DISPUTED, amount), credit(mirror, amount)],
        "reinstated": [debit(mirror, amount), credit(DISPUTED, amount)],
        "fee": [debit(account.fee_account, amount), credit(mirror, amount)],
        "fee_returned": [debit(mirror, amount), credit(account.fee_account, amount)],
    }[movement.kind]
    return _post(event_id, "payments.dispute", said, postings, movement.provider_time, actor)


def book_dispute_loss(event_id: UUID, amount: Money, said: str, actor: Actor) -> UUID:
    """The money is gone: out of the reserve and into losses; a negative amount undoes it."""
    value = abs(amount)
    lost = [debit(DISPUTE_LOSSES, value), credit(DISPUTED, value)]
    found = [debit(DISPUTED, value), credit(DISPUTE_LOSSES, value)]
    postings = lost if amount.minor > 0 else found
    return _post(event_id, "payments.dispute", said, postings, None, actor)


def legs_of(stored: Sequence[Mapping[str, Any]], currency: str) -> list[Allocation]:
    """Legs as they are stored."""
    return [Allocation(leg["account"], Money(leg["amount_minor"], currency)) for leg in stored]


def _post(
    event_id: UUID,
    kind: str,
    said: str,
    postings: list[PostingDraft],
    at: datetime | None,
    actor: Actor,
) -> UUID:
    receipt = post_entry(
        draft=EntryDraft(
            description=said[:200],
            value_date=_value_date(at),
            kind=kind,
            source_event=public_id("evt", event_id),
            postings=postings,
            effective_at=at,
        ),
        idempotency_key=f"payments:{event_id}",
        actor=actor,
    )
    return receipt.entry_id


def _value_date(at: datetime | None) -> date:
    """The provider's day in the tenant's zone; money cannot count before it is known."""
    moment = min(at, clock.now()) if at else clock.now()
    return moment.astimezone(ZoneInfo(current_tenant().zone)).date()
