"""What people do with strayed money: to the payment after all, back to the payer, or to a party."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from uuid import UUID

from apps.ledger.domain import AccountClass, PostingDraft, credit, debit
from apps.ledger.selectors import account_balance
from apps.payments.domain.receipts import RefundReceipt
from apps.payments.domain.strays import (
    StrayFacts,
    StrayUseKind,
    why_not_accepted,
    why_not_moved,
    why_not_refunded,
)
from apps.payments.errors import PartyAccountNeeded, UseReasonMissing
from apps.payments.errors.operators import UnknownStray, VerbNotAllowed
from apps.payments.models import PaymentIntent, Stray, StrayUse
from apps.payments.selectors.strays import open_strays_of, stray_facts
from apps.payments.services import announcing, journals
from apps.payments.services.pay_ins.books import post_source
from apps.payments.services.refunding import request_refund
from apps.payments.services.straying import write_use
from apps.platform import audit, clock
from apps.platform.actors import Actor
from apps.platform.ids import new_id, public_id
from apps.platform.money import Money
from apps.platform.use_cases import use_case

_PARTIES = {True: (AccountClass.LIABILITY,), False: (AccountClass.LIABILITY, AccountClass.EXPENSE)}


@use_case("payments.accept_stray")
def accept_stray(*, stray_id: UUID, reason: str, actor: Actor) -> None:
    """Give the payment what it asks for, out of all that strayed for it.

    Those it belongs to are credited as was agreed when it was made, and ``payment_captured`` is
    announced. Where less came than was booked, they bear the difference in proportion. Refused
    with ``VerbNotAllowed`` while less than all is there.
    """
    stray = _usable(stray_id, reason, "accept", why_not_accepted)
    intent = stray.intent
    if intent is None:  # refused above
        raise UnknownStray(stray=public_id("str", stray_id))
    if stray.left_minor < 0:
        _take_back(stray, intent, reason, actor)
    else:
        _allocate(intent, reason, actor)
    audit.note(public_id("str", stray_id), intent=public_id("pi", intent.id))


@use_case("payments.refund_stray")
def refund_stray(
    *, stray_id: UUID, reason: str, idempotency_key: str, actor: Actor
) -> RefundReceipt:
    """Ask that all that is left of it goes back to its payer; a second person decides as ever.

    It is held meanwhile. A refund that is rejected or fails gives it back to the queue.
    """
    stray = _usable(stray_id, reason, "refund", why_not_refunded)
    if stray.intent_id is None:  # refused above
        raise UnknownStray(stray=public_id("str", stray_id))
    receipt = request_refund(
        intent_id=stray.intent_id,
        amount=stray.left,
        reason=reason,
        idempotency_key=idempotency_key,
        actor=actor,
        attempt_id=stray.attempt_id,
    )
    audit.note(public_id("str", stray_id), refund=public_id("rf", receipt.refund_id))
    return receipt


@use_case("payments.move_stray")
def move_stray(*, stray_id: UUID, account: str, reason: str, actor: Actor) -> None:
    """Credit all that is left of it to the account of the party it belongs to.

    That is a liability: what came astray is owed to somebody. What is missing may also be charged
    to an expense. ``PartyAccountNeeded`` for anything else.
    """
    stray = _usable(stray_id, reason, "move", why_not_moved)
    party = account_balance(account)
    if party.account_class not in _PARTIES[stray.left_minor > 0] or party.is_header:
        raise PartyAccountNeeded(account=account)
    moved = stray.left
    entry = _post(stray, moved, [(account, moved)], f"Strayed money moved to {account}", actor)
    _use(stray, StrayUseKind.MOVED, moved, entry, reason, actor, account=account)
    audit.note(public_id("str", stray_id), account=account, amount_minor=moved.minor)


def _usable(stray_id: UUID, reason: str, verb: str, why_not: Callable[[StrayFacts], str]) -> Stray:
    """The stray, locked after its intent, if the verb is allowed."""
    found = Stray.objects.filter(id=stray_id).values_list("intent_id", flat=True)
    if not found:
        raise UnknownStray(stray=public_id("str", stray_id))
    if not reason.strip():
        raise UseReasonMissing
    if found[0] is not None:
        PaymentIntent.objects.select_for_update().get(id=found[0])
    stray = (
        Stray.objects.select_for_update(of=("self",))
        .select_related("intent", "attempt__provider_account", "event")
        .get(id=stray_id)
    )
    if why := why_not(stray_facts(stray)):
        raise VerbNotAllowed(thing=public_id("str", stray_id), verb=verb, why=why)
    return stray


def _allocate(intent: PaymentIntent, reason: str, actor: Actor) -> None:
    """Out of the oldest first, until the payment has all it asked for; the rest stays."""
    asked = Money(intent.amount_minor, intent.currency)
    strays = list(open_strays_of(intent).select_for_update(of=("self",)))
    legs = [(leg.account, leg.amount) for leg in journals.allocation_of(intent)]
    said = f"Payment {intent.reference}: strayed money accepted"
    entry = _post(strays[0], asked, legs, said, actor)
    left = asked.minor
    for stray in strays:
        part = min(left, stray.left_minor)
        if part:
            amount = Money(part, intent.currency)
            _use(stray, StrayUseKind.ACCEPTED, amount, entry, reason, actor)
            left -= part
    first = strays[0]
    announcing.announce_accepted(first.attempt, asked, first.event.provider_reference)


def _take_back(stray: Stray, intent: PaymentIntent, reason: str, actor: Actor) -> None:
    """Less came than was booked: those who were credited bear it in proportion."""
    credited = journals.allocation_of(intent)
    parts = stray.left.split([leg.amount.minor for leg in credited])
    legs = [(leg.account, part) for leg, part in zip(credited, parts, strict=True) if part]
    said = f"Payment {intent.reference}: less came than was booked"
    entry = _post(stray, stray.left, legs, said, actor)
    _use(stray, StrayUseKind.ACCEPTED, stray.left, entry, reason, actor)


def _use(  # noqa: PLR0913  the facts of a use, each by name
    stray: Stray,
    use: StrayUseKind,
    amount: Money,
    entry: UUID,
    reason: str,
    actor: Actor,
    *,
    account: str = "",
) -> None:
    row = StrayUse(
        use=use,
        amount_minor=amount.minor,
        account=account,
        entry_id=entry,
        reason=reason.strip()[:300],
    )
    reference = stray.intent.reference if stray.intent else ""
    write_use(stray, row, target=account or reference, actor=actor)


def _post(
    stray: Stray, amount: Money, legs: Sequence[tuple[str, Money]], said: str, actor: Actor
) -> UUID:
    """Out of suspense to the legs; of a missing amount the other way round."""
    value = abs(amount)
    if amount.minor > 0:
        postings: list[PostingDraft] = [debit(stray.suspense_account, value)]
        postings += [credit(account, part) for account, part in legs]
    else:
        postings = [debit(account, abs(part)) for account, part in legs]
        postings += [credit(stray.suspense_account, value)]
    source = public_id("stu", new_id())
    return post_source("payments.stray_used", source, said, postings, clock.now(), actor)
