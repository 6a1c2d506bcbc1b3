"""New facts about an attempt: what they add to the money, and their place in the books."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from apps.payments.connectors.base import ProviderFact
from apps.payments.domain import merging
from apps.payments.domain.merging import RANKS, Fact
from apps.payments.domain.states import TAKES, IntentStatus, Operation
from apps.payments.domain.strays import StrayKind
from apps.payments.models import Attempt, Callback, PaymentEvent
from apps.payments.services import announcing, journals
from apps.payments.services.discrepancies import compare_fee
from apps.payments.services.projecting import facts_of, project
from apps.payments.services.straying import open_stray, strayed_part
from apps.platform import clock
from apps.platform.actors import Actor
from apps.platform.ids import new_id
from apps.platform.money import Money

#: The payer was told that nothing is wanted any more.
_OVER = (IntentStatus.EXPIRED, IntentStatus.CANCELLED)
_MOVES_NOTHING = (Operation.AUTHORISE, Operation.VOID)


@dataclass(frozen=True, slots=True, kw_only=True)
class Movement:
    """A new fact and what it changes, in minor units.

    ``added`` is what it adds to the money; ``own_before`` what this attempt had brought before it,
    and ``all_before`` what all attempts of the intent had. ``is_late``: the intent had expired or
    was called off when it came.
    """

    fact: ProviderFact
    added: int
    own_before: int
    all_before: int
    is_effective: bool
    is_late: bool = False

    @property
    def is_correction(self) -> bool:
        """The money was known; a better source names another amount."""
        return self.added != 0 and self.own_before != 0


def merge(attempt: Attempt, news: list[ProviderFact]) -> list[Movement]:
    """Merge new facts with those written, and bring the locked intent up to date with all."""
    facts = facts_of((attempt.intent.events if attempt.intent else attempt.events).all())
    movements = []
    is_over = attempt.intent is not None and attempt.intent.status in _OVER
    for fact in news:
        merged = _merged(attempt, fact)
        all_before, own_before = merging.captured(facts), _own(attempt, facts)
        facts.append(merged)
        movements.append(
            Movement(
                fact=fact,
                added=_own(attempt, facts) - own_before,
                own_before=own_before,
                all_before=all_before,
                is_effective=merging.winners(facts)[merged.facet] == merged,
                is_late=is_over and all_before == 0 and attempt.operation in TAKES,
            )
        )
    if attempt.intent is not None:
        project(attempt.intent, facts)
    return movements


def _own(attempt: Attempt, facts: list[Fact]) -> int:
    """What the attempt itself has moved; what is only held or let go moves nothing."""
    if attempt.operation in _MOVES_NOTHING:
        return 0
    own = [known for known in facts if known.facet == facet_of(attempt)]
    return merging.moved(own, attempt.operation)


def facet_of(attempt: Attempt) -> str:
    """The one thing that facts about this attempt compete for."""
    return f"{attempt.operation}:{attempt.id}"


def announce_money(attempt: Attempt, movement: Movement) -> None:
    """Tell the world of money that arrived, was corrected, went out, or came back."""
    fact, added = movement.fact, Money(movement.added, attempt.currency)
    if movement.added == 0 and movement.is_effective:
        announcing.announce_turn(attempt, fact)
    # What is late is told as strayed money, what goes back as news of the pay-in.
    if movement.added == 0 or movement.is_late or attempt.is_return:
        return
    match attempt.operation:
        case Operation.PAYOUT if movement.added > 0:
            announcing.announce_payout(attempt, added, fact.reference)
        case Operation.PAYOUT:
            announcing.announce_return(attempt, abs(added), fact.reference)
        case Operation.REFUND:
            announcing.announce_refund(attempt, added, fact.reference)
        case _ if movement.is_correction:
            paid = Money(movement.own_before + movement.added, attempt.currency)
            announcing.announce_difference(attempt, paid, fact.reference)
        case Operation.CAPTURE:
            announcing.announce_capture(attempt, added, fact.reference)
        case _:
            is_first = movement.all_before == 0
            announcing.announce_arrival(attempt, added, fact.reference, is_first=is_first)


def write_event(
    attempt: Attempt, movement: Movement, source: str, callback: Callback | None, actor: Actor
) -> None:
    """Write the event, and its journal entry when it moved money; both or neither."""
    fact, event_id = movement.fact, new_id()
    amount_minor = fact.amount.minor if fact.amount else 0
    paid = Money(amount_minor, attempt.currency)
    fee = announcing.expected_fee(attempt, paid) if amount_minor else None
    kept = fact.fee if fact.fee and movement.added > 0 else Money(0, attempt.currency)
    PaymentEvent.objects.create(
        id=event_id,
        provider_account=attempt.provider_account,
        intent=attempt.intent,
        attempt=attempt,
        payout_ref=attempt.payout_ref,
        kind=fact.kind,
        facet=facet_of(attempt),
        rank=RANKS[fact.kind],
        amount_minor=amount_minor,
        booked_minor=movement.added,
        fee_expected_minor=fee.minor if fee else 0,
        currency=attempt.currency,
        provider_reference=fact.reference,
        provider_time=fact.provider_time,
        received_at=clock.now(),
        source=source,
        callback=callback,
        dedupe=fact.dedupe,
        is_effective=movement.is_effective,
        fee_minor=kept.minor,
        journal_id=_book(event_id, attempt, movement, kept, actor),
        data=dict(fact.data),
    )
    if movement.added > 0:
        compare_fee(event_id, attempt, fact, fee)
    if strayed := _strayed(attempt, movement):
        open_stray(event_id, attempt, fact, strayed, fee)


def _strayed(attempt: Attempt, movement: Movement) -> tuple[StrayKind, int] | None:
    """What of the movement went to suspense, and why."""
    added = movement.added
    if added == 0 or attempt.operation == Operation.REFUND:
        return None
    if attempt.operation == Operation.PAYOUT:
        return (StrayKind.RETURNED, -added) if added < 0 else None
    if movement.is_correction:
        return StrayKind.CORRECTED, added
    if movement.is_late:
        return StrayKind.LATE, added
    legs = journals.capture_legs(
        attempt, Money(added, attempt.currency), is_first=movement.all_before == 0
    )
    return strayed_part(attempt, added, legs, is_second=movement.all_before > 0)


def _book(
    event_id: UUID, attempt: Attempt, movement: Movement, fee: Money, actor: Actor
) -> UUID | None:
    added = Money(movement.added, attempt.currency)
    if not added:
        return None
    moved = journals.Moved(event_id, attempt, added, movement.fact, fee, actor)
    match attempt.operation:
        case Operation.PAYOUT if added.minor > 0:
            return journals.book_payout(moved)
        case Operation.PAYOUT:
            return journals.book_return(moved)
        case Operation.REFUND:
            return journals.book_refund(moved)
        case _ if movement.is_correction:
            return journals.book_correction(moved)
        case _:
            return journals.book_capture(
                moved, is_first=movement.all_before == 0, is_late=movement.is_late
            )


def _merged(attempt: Attempt, fact: ProviderFact) -> Fact:
    return Fact(
        facet=facet_of(attempt),
        kind=fact.kind,
        amount_minor=fact.amount.minor if fact.amount else 0,
        provider_time=fact.provider_time,
        dedupe=fact.dedupe,
    )
