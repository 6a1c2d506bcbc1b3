"""What a bank's files say about our payouts."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, time

from apps.payments.connectors.bank.account import BankAccount
from apps.payments.connectors.bank.pain002 import Level, PaymentStatus
from apps.payments.connectors.base import ProviderFact, Result
from apps.payments.connectors.files import PayoutNews
from apps.payments.domain.bank_statements import Detail, Entry, EntryStatus, Side
from apps.payments.domain.merging import EventKind
from apps.payments.domain.states import Outcome
from apps.platform.money import Money

#: Our account is debited; the payee's bank may still return it.
_DEBITED = "ACSC"


def of_status(status: PaymentStatus, account: BankAccount) -> PayoutNews:
    """What pain.002 says. ``amount`` is not in it: who knows the payout knows its amount."""
    outcome = status.outcome
    if status.status == _DEBITED and account.is_settled_by_status:
        outcome = Outcome.SUCCEEDED
    elif outcome is Outcome.SUCCEEDED and not account.is_settled_by_status:
        outcome = Outcome.ACCEPTED
    result = Result(outcome, error=status.error)
    if outcome is Outcome.SUCCEEDED:
        result = Result(outcome, facts=(_paid(status.end_to_end, status.bank_reference),))
    reference = status.end_to_end if status.level is Level.PAYMENT else ""
    return PayoutNews(message=status.message, reference=reference, result=result)


def of_entry(entry: Entry) -> Iterator[PayoutNews]:
    """What a booked entry says of each payout in it."""
    if entry.status is not EntryStatus.BOOKED:
        return
    details = entry.details or (
        Detail(amount_minor=entry.amount_minor, references=entry.references),
    )
    for one in details:
        reference = one.references.end_to_end
        if not reference:
            continue
        minor = one.amount_minor
        if minor is None:
            minor = entry.amount_minor if len(details) == 1 else None
        amount = None if minor is None else Money(minor, one.currency or entry.currency)
        bank = one.references.bank or entry.references.bank
        yield _moved(entry, one, reference, bank, amount)


def _moved(
    entry: Entry, one: Detail, reference: str, bank: str, amount: Money | None
) -> PayoutNews:
    at = entry.booked_at or (
        datetime.combine(entry.booking_date, time(), UTC) if entry.booking_date else None
    )
    at = at.replace(tzinfo=UTC) if at is not None and at.tzinfo is None else at
    message = one.references.message
    if (one.side or entry.side) is Side.DEBIT and not entry.is_reversal:
        fact = _paid(reference, bank, amount, at)
        result = Result(Outcome.SUCCEEDED, facts=(fact,))
        return PayoutNews(message=message, reference=reference, result=result)
    why = one.return_reason or "returned"
    fact = ProviderFact(
        EventKind.REVERSED,
        dedupe=f"returned:{reference}:{bank or entry.booking_date}",
        amount=amount,
        reference=bank,
        provider_time=at,
        data={"reason": why},
    )
    result = Result(Outcome.UNKNOWN, facts=(fact,))
    return PayoutNews(message=message, reference=reference, result=result, returned=why)


def _paid(
    reference: str, bank: str, amount: Money | None = None, at: datetime | None = None
) -> ProviderFact:
    """The same fact whoever tells it: a status first, a statement later."""
    return ProviderFact(
        EventKind.SUCCEEDED,
        dedupe=f"paid:{reference}",
        amount=amount,
        reference=bank or reference,
        provider_time=at,
    )
