"""Giving money back: one person asks, another agrees, the provider pays.

An approved refund is taken from those who bear it at once and stands on the account for refunds
until the provider has paid it. So nobody can be paid what is about to be given back.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from uuid import UUID

from django.db.models import Sum

from apps.payments.domain import allocations
from apps.payments.domain.allocations import Allocation
from apps.payments.domain.merging import EventKind
from apps.payments.domain.receipts import RefundReceipt
from apps.payments.domain.refunds import LIVE_REFUNDS, RefundStatus
from apps.payments.domain.states import TAKES, AttemptState, Operation
from apps.payments.errors import IdempotencyKeyReused
from apps.payments.errors.bank_files import ReasonMissing
from apps.payments.errors.operations import (
    NotInParts,
    RefundDecided,
    RefundTooLate,
    TooMuch,
    UnknownRefund,
)
from apps.payments.events.operations import (
    RefundFailed,
    RefundRejected,
    RefundRequested,
)
from apps.payments.models import Attempt, PaymentEvent, PaymentIntent, Refund
from apps.payments.services import journals, straying
from apps.payments.services.accounts import capabilities_of
from apps.payments.services.attempts import AttemptDraft, write_attempt
from apps.payments.services.operating import locked_intent, offered
from apps.payments.services.persons import person_behind, second_person
from apps.platform import audit, clock
from apps.platform.actors import Actor
from apps.platform.events import Event, record
from apps.platform.idempotency import fingerprint
from apps.platform.ids import new_id, public_id
from apps.platform.money import Money
from apps.platform.use_cases import use_case


@use_case("payments.request_refund")
def request_refund(  # noqa: PLR0913  the facts of a refund, each by name
    *,
    intent_id: UUID,
    amount: Money | None,
    reason: str,
    idempotency_key: str,
    actor: Actor,
    allocation: Sequence[Allocation] = (),
    attempt_id: UUID | None = None,
) -> RefundReceipt:
    """Ask that ``amount`` (all that is left, if none) goes back to the payer.

    It is given back out of one purchase or capture (the one named, if any). Who bears it is
    ``allocation``, else what of it strayed, else those who were credited, in proportion. Nothing
    happens until another person agrees. Asking again with the same key and facts returns the first
    receipt.
    """
    if not reason.strip():
        raise ReasonMissing
    legs = [[leg.account, leg.amount.minor] for leg in allocation]
    asked = fingerprint(str(intent_id), amount.minor if amount else 0, reason, legs)
    intent = locked_intent(intent_id)
    first = Refund.objects.filter(idempotency_key=idempotency_key).first()
    if first is not None:
        if bytes(first.fingerprint) != asked:
            raise IdempotencyKeyReused(key=idempotency_key)
        audit.nothing_happened()
        return _receipt(first, is_replay=True)
    parent, left = _source(intent, amount, attempt_id)
    given = amount or left
    _check(parent, given)
    stray = straying.stray_to_refund(parent, given, has_allocation=bool(allocation))
    borne = list(allocation) or _borne_by(intent, parent, given)
    if stray is not None:
        borne = [Allocation(stray.suspense_account, given)]
    allocations.checked(borne, given)
    refund = Refund.objects.create(
        intent=intent,
        parent=parent,
        amount_minor=given.minor,
        currency=given.currency,
        allocation=[{"account": leg.account, "amount_minor": leg.amount.minor} for leg in borne],
        reason=reason.strip()[:200],
        asked_by=person_behind(actor),
        asked_at=clock.now(),
        idempotency_key=idempotency_key,
        fingerprint=asked,
    )
    if stray is not None:
        straying.hold_for(stray, refund)
    _say(refund, RefundRequested(*_about(refund), reason=refund.reason))
    audit.note(public_id("rf", refund.id), amount_minor=given.minor)
    return _receipt(refund)


@use_case("payments.decide_refund")
def decide_refund(*, refund_id: UUID, is_approved: bool, note: str, actor: Actor) -> RefundReceipt:
    """Agree to a refund, which then leaves, or refuse it with a note.

    Whoever asked may withdraw it but not approve it (``SecondPersonNeeded``); the database
    refuses that too.
    """
    refund = _locked(refund_id)
    if refund.status != RefundStatus.AWAITING_APPROVAL:
        raise RefundDecided(status=refund.status)
    name = public_id("rf", refund.id)
    refund.decided_at, refund.note = clock.now(), note.strip()[:300]
    if is_approved:
        refund.decided_by = second_person(actor, refund.asked_by, name)
        _approve(refund, actor)
    else:
        if not refund.note:
            raise ReasonMissing
        refund.decided_by, refund.status = person_behind(actor), RefundStatus.REJECTED
        straying.release(refund)
        _say(refund, RefundRejected(*_about(refund), note=refund.note))
    refund.save()
    audit.note(name, status=refund.status)
    return _receipt(refund)


def follow_refund(attempt: Attempt, kinds: Collection[EventKind], actor: Actor) -> None:
    """Bring the refund of an attempt, if it has one, to where the attempt now is."""
    if attempt.operation != Operation.REFUND:
        return
    refund = attempt.refund
    before, after = RefundStatus(refund.status), _status(attempt, kinds)
    if after is None or before in (after, RefundStatus.REVERSED):
        return
    if after in (RefundStatus.FAILED, RefundStatus.REVERSED):
        _book_decision(refund, actor, is_on=False)
    elif before == RefundStatus.FAILED:
        _book_decision(refund, actor, is_on=True)
    if after == RefundStatus.FAILED:
        why = RefundFailed(*_about(refund), code=attempt.code, reason=attempt.message)
        _say(refund, why)
    refund.status = after
    refund.save(update_fields=["status"])


def refundable_minor(intent: PaymentIntent) -> int:
    """What may still be asked back, over all purchases and captures, in minor units."""
    live = intent.refunds.filter(status__in=LIVE_REFUNDS).aggregate(sum=Sum("amount_minor"))["sum"]
    left: int = intent.captured_minor - intent.disputed_minor - (live or 0)
    return max(left, 0)


def _status(attempt: Attempt, kinds: Collection[EventKind]) -> RefundStatus | None:
    if EventKind.REVERSED in kinds:
        return RefundStatus.REVERSED
    match AttemptState(attempt.state):
        case AttemptState.SUCCEEDED:
            return RefundStatus.SUCCEEDED
        case AttemptState.DECLINED | AttemptState.FAILED:
            return RefundStatus.FAILED
    return None


def _book_decision(refund: Refund, actor: Actor, *, is_on: bool) -> UUID:
    """Taken from those who bear it, or given back; out of what strayed, if that bears it."""
    entry = journals.book_refund_decision(refund, new_id(), actor, is_on=is_on)
    straying.follow(refund, entry, actor, is_on=is_on)
    return entry


def _approve(refund: Refund, actor: Actor) -> None:
    refund.status = RefundStatus.APPROVED
    refund.journal_id = _book_decision(refund, actor, is_on=True)
    parent = refund.parent
    refund.attempt = write_attempt(
        AttemptDraft(
            operation=Operation.REFUND,
            number=refund.intent.attempts.filter(operation=Operation.REFUND).count() + 1,
            amount=Money(refund.amount_minor, refund.currency),
            phone_number=parent.phone_number,
            party=parent.party,
            account=parent.provider_account,
            idempotency_key=f"refund:{refund.id}",
            intent=refund.intent,
            parent=parent,
            reason=refund.reason,
        )
    )


def _source(
    intent: PaymentIntent, amount: Money | None, attempt_id: UUID | None
) -> tuple[Attempt, Money]:
    """The purchase or capture that can bear it, and what is left of that."""
    takes = intent.attempts.select_related("provider_account").filter(
        operation__in=TAKES, state=AttemptState.SUCCEEDED
    )
    if attempt_id is not None:
        takes = takes.filter(id=attempt_id)
    lefts = [(take, _left(take)) for take in takes.order_by("created_at", "id")]
    least = amount.minor if amount else 1
    ceiling = refundable_minor(intent)
    for take, left in lefts:
        if least <= min(left, ceiling) and (amount is None or amount.currency == take.currency):
            return take, Money(min(left, ceiling), intent.currency)
    most = max((min(left, ceiling) for _take, left in lefts), default=0)
    raise TooMuch(left_minor=most, currency=intent.currency)


def _left(take: Attempt) -> int:
    came = take.events.aggregate(sum=Sum("booked_minor"))["sum"] or 0
    live = take.refunds.filter(status__in=LIVE_REFUNDS).aggregate(sum=Sum("amount_minor"))["sum"]
    return int(came - (live or 0))


def _check(parent: Attempt, given: Money) -> None:
    offered(parent, Operation.REFUND, given)
    policy = capabilities_of(parent.provider_account).refunds
    if given.minor < parent.amount_minor and not policy.is_partial:
        raise NotInParts(operation=Operation.REFUND)
    since = parent.finished_at or parent.created_at
    if policy.window is not None and clock.now() > since + policy.window:
        raise RefundTooLate(days=policy.window.days)


def _borne_by(intent: PaymentIntent, parent: Attempt, given: Money) -> list[Allocation]:
    """Those who were credited, in proportion, to the last minor unit."""
    booked = PaymentEvent.objects.filter(intent=intent, booked_minor__gt=0, attempt__isnull=False)
    first = booked.order_by("received_at", "id").first()
    came = Money(_came(parent), given.currency)
    own = journals.legs_of(parent.allocation, given.currency)
    credited = allocations.credits(
        own or journals.allocation_of(intent),
        came,
        is_first=bool(own) or (first is not None and first.attempt_id == parent.id),
        suspense=parent.provider_account.suspense_account,
    )
    parts = given.split([amount.minor for _account, amount in credited])
    legs = zip(credited, parts, strict=True)
    return [Allocation(account, part) for (account, _amount), part in legs if part]


def _came(parent: Attempt) -> int:
    return parent.events.aggregate(sum=Sum("booked_minor"))["sum"] or 0


def _locked(refund_id: UUID) -> Refund:
    """The refund, its intent locked first."""
    intent_id = Refund.objects.filter(id=refund_id).values_list("intent_id", flat=True).first()
    if intent_id is None:
        raise UnknownRefund(refund=public_id("rf", refund_id))
    intent = locked_intent(intent_id)
    refund = (
        Refund.objects.select_for_update(of=("self",))
        .select_related("parent__provider_account")
        .get(id=refund_id)
    )
    refund.intent = intent
    return refund


def _about(refund: Refund) -> tuple[str, str, str, Money]:
    return (
        public_id("rf", refund.id),
        public_id("pi", refund.intent_id),
        refund.intent.reference,
        Money(refund.amount_minor, refund.currency),
    )


def _say(refund: Refund, event: Event) -> None:
    name = public_id("pi", refund.intent_id)
    record(event, aggregate=name, correlation=refund.intent.reference)


def _receipt(refund: Refund, *, is_replay: bool = False) -> RefundReceipt:
    return RefundReceipt(
        refund_id=refund.id,
        amount=Money(refund.amount_minor, refund.currency),
        status=RefundStatus(refund.status),
        is_replay=is_replay,
    )
