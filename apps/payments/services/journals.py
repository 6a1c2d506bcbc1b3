"""The journal entries of payments: one per event that moves money, in its transaction."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from apps.ledger.domain import EntryDraft, PostingDraft, credit, debit
from apps.ledger.services import post_entry
from apps.payments.connectors.base import ProviderFact
from apps.payments.domain import allocations, payout_clearing_key
from apps.payments.domain.allocations import Allocation
from apps.payments.models import Attempt, PaymentIntent
from apps.payments.services.announcing import intent_of
from apps.platform import clock
from apps.platform.actors import Actor
from apps.platform.ids import public_id
from apps.platform.money import Money
from apps.platform.tenant import current_tenant


def allocation_of(intent: PaymentIntent) -> list[Allocation]:
    """The credit legs that were agreed when the intent was made."""
    return [
        Allocation(leg["account"], Money(leg["amount_minor"], intent.currency))
        for leg in intent.allocation
    ]


def book_capture(
    event_id: UUID,
    attempt: Attempt,
    paid: Money,
    fact: ProviderFact,
    actor: Actor,
    *,
    is_first: bool,
) -> UUID:
    """Money has arrived: debit the account's mirror, credit those it belongs to."""
    account, intent = attempt.provider_account, intent_of(attempt)
    legs = allocations.credits(
        allocation_of(intent),
        paid,
        is_first=is_first,
        suspense=account.suspense_account,
    )
    postings = [debit(account.clearing_account, paid)]
    postings += [credit(code, amount) for code, amount in legs]
    said = f"Payment {intent.reference} by {account.name}, {fact.reference}"
    return _post(event_id, "payments.capture", said, postings, fact.provider_time, actor)


def book_correction(
    event_id: UUID, attempt: Attempt, difference: Money, fact: ProviderFact, actor: Actor
) -> UUID:
    """A better source names another amount than the one booked: the difference is suspense.

    What was allocated may have been paid out already, so it is not taken back: a payment that
    turns out smaller leaves suspense with a debit, until a person resolves it.
    """
    account, intent = attempt.provider_account, intent_of(attempt)
    amount = abs(difference)
    more = [debit(account.clearing_account, amount), credit(account.suspense_account, amount)]
    less = [debit(account.suspense_account, amount), credit(account.clearing_account, amount)]
    postings = more if difference.minor > 0 else less
    said = f"Payment {intent.reference}: amount corrected"
    return _post(event_id, "payments.correction", said, postings, fact.provider_time, actor)


def book_payout(
    event_id: UUID, attempt: Attempt, paid: Money, fact: ProviderFact, actor: Actor
) -> UUID:
    """Money has left: what was reserved is debited, the account's mirror credited."""
    account = attempt.provider_account
    key = payout_clearing_key(attempt.payout_ref) if attempt.payout_ref else ""
    postings = [debit(attempt.debit_account, paid, key), credit(account.clearing_account, paid)]
    said = f"Payout by {account.name}, {fact.reference}"
    return _post(event_id, "payments.payout", said, postings, fact.provider_time, actor)


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
