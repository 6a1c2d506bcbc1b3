"""What a bank's file says of one payout, made true for its attempt."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

from apps.payments.connectors.base import Result
from apps.payments.connectors.files import PayoutNews
from apps.payments.domain.merging import RANKS, EventKind
from apps.payments.domain.states import AttemptState
from apps.payments.errors import CallbackContradicts
from apps.payments.events import PayoutReturned
from apps.payments.models import BankFile, PaymentEvent
from apps.payments.services.bank_delivering import await_answer
from apps.payments.services.learning import Lesson, learn, locked_attempt
from apps.platform import audit, clock
from apps.platform.actors import Actor
from apps.platform.events import record
from apps.platform.ids import public_id
from apps.platform.money import Money
from apps.platform.use_cases import use_case

_STATEMENT = "statement"


@use_case("payments.hear_bank")
def hear(*, attempt_id: UUID, result: Result, file: BankFile, actor: Actor) -> None:
    """The attempt learns what the file says. What the file does not name is the attempt's own.

    That it is paid is one fact, whether a status tells it or a statement. ``CallbackContradicts``
    when the file names another amount.
    """
    attempt = locked_attempt(attempt_id)
    own = Money(attempt.amount_minor, attempt.currency)
    facts = tuple(
        replace(
            fact,
            amount=fact.amount or own,
            dedupe=f"paid:{attempt.provider_key}",
            reference=fact.reference or attempt.provider_key,
            data={"file": public_id("bf", file.id)},
        )
        for fact in result.facts
    )
    learn(attempt, Lesson(result=replace(result, facts=facts), source=_STATEMENT, actor=actor))
    await_answer(attempt)
    audit.note(public_id("att", attempt_id), outcome=result.outcome, state=attempt.state)


@use_case("payments.note_returned_payout")
def note_return(*, attempt_id: UUID, news: PayoutNews, file: BankFile, actor: Actor) -> None:
    """Money of a payout came back: a fact beside the payout, told to everybody, booked by nobody.

    The account's statement brings the money into the books, where a person or a rule decides whose
    it is. A return of what was never heard of as paid proves that it was paid before.
    """
    attempt = locked_attempt(attempt_id)
    (fact,) = news.result.facts
    if PaymentEvent.objects.filter(
        provider_account=attempt.provider_account, dedupe=fact.dedupe
    ).exists():
        audit.nothing_happened()
        return
    amount = fact.amount or Money(attempt.amount_minor, attempt.currency)
    if amount.currency != attempt.currency or attempt.state != AttemptState.SUCCEEDED:
        raise CallbackContradicts(field="return")
    PaymentEvent.objects.create(
        provider_account=attempt.provider_account,
        attempt=attempt,
        payout_ref=attempt.payout_ref,
        kind=EventKind.REVERSED,
        facet=f"return:{attempt.id}",
        rank=RANKS[EventKind.REVERSED],
        amount_minor=amount.minor,
        currency=amount.currency,
        provider_reference=fact.reference,
        provider_time=fact.provider_time,
        received_at=clock.now(),
        source=_STATEMENT,
        dedupe=fact.dedupe,
        is_effective=True,
        data={**fact.data, "file": public_id("bf", file.id)},
    )
    record(
        PayoutReturned(
            payout_ref=str(attempt.payout_ref),
            attempt_id=public_id("att", attempt.id),
            amount=amount,
            reason=news.returned[:100],
            provider_reference=fact.reference,
            provider_account=attempt.provider_account.label,
        ),
        aggregate=public_id("att", attempt.id),
        correlation=str(attempt.payout_ref),
    )
    audit.note(public_id("att", attempt_id), returned=str(amount), reason=news.returned[:100])
