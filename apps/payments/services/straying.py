"""Money that came otherwise than it was asked for: noticed when it is booked, kept track of.

What went to suspense with an event is one *stray*. Its verbs are in ``strays``; here is what
booking and refunds do with it, within their own transactions and under the intent's lock.
"""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from django.db.models import QuerySet

from apps.payments.connectors.base import ProviderFact
from apps.payments.domain.merging import EventKind
from apps.payments.domain.strays import StrayKind, StrayState, StrayUseKind
from apps.payments.errors.operations import AllocationNeeded
from apps.payments.errors.operators import VerbNotAllowed
from apps.payments.events.operators import MoneyStrayed, StrayUsed
from apps.payments.models import Attempt, PaymentEvent, Refund, Stray, StrayUse
from apps.platform import clock
from apps.platform.actors import Actor
from apps.platform.events import record
from apps.platform.ids import public_id
from apps.platform.money import Money

#: Kinds in which the whole movement stands in suspense, and no payment has announced it.
_WHOLE = (StrayKind.LATE, StrayKind.SECOND, StrayKind.SHORT)


def open_stray_of_event(
    event: PaymentEvent, attempt: Attempt, strayed: tuple[StrayKind, int]
) -> None:
    """What the event moved out of suspense was not there any more."""
    fact = ProviderFact(
        EventKind.SUCCEEDED, dedupe=event.dedupe, reference=event.provider_reference
    )
    open_stray(event.id, attempt, fact, strayed, None)


def open_stray(
    event_id: UUID,
    attempt: Attempt,
    fact: ProviderFact,
    strayed: tuple[StrayKind, int],
    fee: Money | None,
) -> None:
    """What the event of this id brought, or a part of it, went to suspense: people decide."""
    kind, minor = strayed
    account, intent = attempt.provider_account, attempt.intent
    stray = Stray.objects.create(
        provider_account=account,
        event_id=event_id,
        intent=intent,
        attempt=attempt,
        kind=kind,
        amount_minor=minor,
        left_minor=minor,
        currency=attempt.currency,
        suspense_account=account.suspense_account,
        opened_at=clock.now(),
    )
    name = public_id("str", stray.id)
    record(
        MoneyStrayed(
            stray_id=name,
            intent_id=public_id("pi", intent.id) if intent else None,
            reference=intent.reference if intent else str(attempt.payout_ref),
            kind=kind,
            amount=stray.amount,
            moved=fact.amount or stray.amount,
            provider_account=account.label,
            provider_reference=fact.reference,
            expected_fee=fee if kind in _WHOLE else None,
        ),
        aggregate=name,
        correlation=intent.reference if intent else str(attempt.payout_ref),
    )


def strayed_part(
    attempt: Attempt, added: int, legs: Sequence[tuple[str, Money]], *, is_second: bool
) -> tuple[StrayKind, int] | None:
    """How much of a capture went to suspense by its credit legs, and why; nothing if none did."""
    suspense = attempt.provider_account.suspense_account
    minor = sum(amount.minor for account, amount in legs if account == suspense)
    if not minor:
        return None
    if is_second:
        return StrayKind.SECOND, minor
    return (StrayKind.SHORT if minor == added else StrayKind.OVER), minor


def write_use(stray: Stray, use: StrayUse, *, target: str, actor: Actor) -> None:
    """The locked stray's use, what is left of it, and the news."""
    use.stray, use.actor, use.at = stray, str(actor), clock.now()
    use.save(force_insert=True)
    stray.left_minor -= use.amount_minor
    is_done = stray.left_minor == 0
    stray.state = StrayState.DONE if is_done else StrayState.OPEN
    stray.closed_at = use.at if is_done else None
    stray.save(update_fields=["left_minor", "state", "closed_at"])
    name = public_id("str", stray.id)
    record(
        StrayUsed(
            stray_id=name,
            use=use.use,
            amount=Money(use.amount_minor, stray.currency),
            left=stray.left,
            target=target,
        ),
        aggregate=name,
    )


def stray_to_refund(parent: Attempt, given: Money, *, has_allocation: bool) -> Stray | None:
    """The stray that bears a refund of ``parent``: what strayed is given back first.

    Nothing when none of it strayed or somebody named who bears it. Refused with ``VerbNotAllowed``
    where the refund is more than what strayed, and with ``AllocationNeeded`` where that was moved.
    """
    if has_allocation:
        return None
    found = list(Stray.objects.select_for_update().filter(attempt=parent).order_by("opened_at"))
    if any(use.use == StrayUseKind.MOVED for stray in found for use in stray.uses.all()):
        raise AllocationNeeded
    waiting = [stray for stray in found if stray.state != StrayState.DONE and stray.left_minor > 0]
    for stray in waiting:
        if stray.state == StrayState.OPEN and given.minor <= stray.left_minor:
            return stray
    if waiting:
        left = sum((stray.left for stray in waiting), Money.zero(given.currency))
        raise VerbNotAllowed(
            thing=public_id("str", waiting[0].id),
            verb="refund",
            why=f"{left} of the payment strayed: decide about that first.",
        )
    return None


def hold_for(stray: Stray, refund: Refund) -> None:
    """A refund out of it was asked for: nothing else is done with it meanwhile."""
    stray.refund, stray.state = refund, StrayState.REFUNDING
    stray.save(update_fields=["refund", "state"])


def release(refund: Refund) -> None:
    """The refund was rejected: the stray waits again."""
    for stray in _of(refund).filter(state=StrayState.REFUNDING):
        stray.state = StrayState.OPEN
        stray.save(update_fields=["state"])


def follow(refund: Refund, entry_id: UUID, actor: Actor, *, is_on: bool) -> None:
    """The refund was taken out of suspense by that entry, or given back to it."""
    for stray in _of(refund):
        use = StrayUse(
            use=StrayUseKind.REFUNDED if is_on else StrayUseKind.REFUND_UNDONE,
            amount_minor=refund.amount_minor if is_on else -refund.amount_minor,
            refund=refund,
            entry_id=entry_id,
            reason=refund.reason if is_on else "The refund did not reach the payer.",
        )
        write_use(stray, use, target=public_id("rf", refund.id), actor=actor)


def _of(refund: Refund) -> QuerySet[Stray]:
    return refund.strays.select_for_update()
