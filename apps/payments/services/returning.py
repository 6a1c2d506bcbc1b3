"""Giving a whole pay-in back to whoever paid it: one person asks, another agrees.

The provider undoes its own movement, named by its receipt; nobody types a payee. The attempt is a
payout of its own (``payout_ref`` is the wish's id) and takes every path that payouts take.
"""

from __future__ import annotations

from typing import cast
from uuid import UUID

from apps.payments.domain.merging import EventKind
from apps.payments.domain.pay_ins import PayInRefundState, PayInState, PayInUse
from apps.payments.domain.states import AttemptState, Operation
from apps.payments.domain.strays import StrayKind
from apps.payments.errors import AlreadyDecided, UseReasonMissing
from apps.payments.errors.operators import UnknownPayInRefund, VerbNotAllowed
from apps.payments.events.operators import PayInRefunded
from apps.payments.models import Attempt, PayIn, PayInRefund, PayInUsed, PaymentEvent
from apps.payments.selectors.pay_ins import why_not_returned
from apps.payments.services.attempts import AttemptDraft, write_attempt
from apps.payments.services.pay_in_uses import locked_pay_in, write_use
from apps.payments.services.persons import person_behind, second_person
from apps.payments.services.straying import open_stray_of_event
from apps.platform import audit, clock
from apps.platform.actors import Actor
from apps.platform.events import record
from apps.platform.ids import public_id
from apps.platform.money import Money
from apps.platform.use_cases import use_case

_NOT_DONE = (AttemptState.DECLINED, AttemptState.FAILED)


@use_case("payments.ask_pay_in_refund")
def ask_pay_in_refund(*, pay_in_id: UUID, reason: str, actor: Actor) -> UUID:
    """Ask that a pay-in goes back to its payer, whole; returns the wish's id.

    Nothing leaves until another person agrees; meanwhile the pay-in is not used. ``VerbNotAllowed``
    says why it cannot go back: a part was used, or the provider undoes nothing by receipt.
    """
    pay_in = locked_pay_in(pay_in_id)
    if not reason.strip():
        raise UseReasonMissing
    if why := why_not_returned(pay_in):
        raise VerbNotAllowed(thing=public_id("pin", pay_in.id), verb="refund", why=why)
    refund = PayInRefund.objects.create(
        pay_in=pay_in,
        reason=reason.strip()[:300],
        asked_person=person_behind(actor),
        asked_by=str(actor),
        asked_at=clock.now(),
    )
    _set(pay_in, PayInState.REFUNDING)
    audit.note(public_id("pin", pay_in.id), refund=public_id("pir", refund.id))
    return refund.id


@use_case("payments.decide_pay_in_refund")
def decide_pay_in_refund(*, refund_id: UUID, is_approved: bool, reason: str, actor: Actor) -> None:
    """Agree, as another person than the one who asked, or reject with a reason.

    Agreed to, the provider is asked to undo the movement; how that ends comes later.
    """
    pay_in_id = PayInRefund.objects.filter(id=refund_id).values_list("pay_in_id", flat=True).first()
    name = public_id("pir", refund_id)
    if pay_in_id is None:
        raise UnknownPayInRefund(refund=name)
    pay_in = locked_pay_in(pay_in_id)
    refund = PayInRefund.objects.select_for_update().get(id=refund_id)
    if refund.state != PayInRefundState.ASKED:
        raise AlreadyDecided(thing=name, state=refund.state)
    if is_approved:
        refund.decided_person = second_person(actor, refund.asked_person, name)
        refund.state = PayInRefundState.APPROVED
    else:
        if not reason.strip():
            raise UseReasonMissing
        refund.decided_person, refund.state = person_behind(actor), PayInRefundState.REJECTED
        refund.said = reason.strip()[:300]
        _set(pay_in, PayInState.OPEN)
    refund.decided_by, refund.decided_at = str(actor), clock.now()
    refund.save()
    if is_approved:
        _send(refund, pay_in)
    audit.note(public_id("pin", pay_in.id), refund=name, state=refund.state)


def follow_pay_in_refund(attempt: Attempt, actor: Actor) -> None:
    """Within ``learn``: bring the wish behind the attempt, if there is one, to where that now is.

    What went back after it was given up, and the pay-in was used meanwhile, is missing in suspense:
    it is shown to people as strayed.
    """
    refund_id = attempt.payout_ref
    if not attempt.is_return or refund_id is None:
        return
    pay_in_id = PayInRefund.objects.filter(id=refund_id).values_list("pay_in_id").get()[0]
    pay_in = locked_pay_in(pay_in_id)
    refund = PayInRefund.objects.select_for_update().get(id=refund_id)
    if attempt.state == AttemptState.SUCCEEDED and refund.state != PayInRefundState.DONE:
        _done(refund, pay_in, attempt, actor)
    elif attempt.state in _NOT_DONE and refund.state == PayInRefundState.APPROVED:
        refund.state, refund.said = PayInRefundState.FAILED, attempt.message[:300]
        refund.save(update_fields=["state", "said"])
        _set(pay_in, PayInState.OPEN)


def _send(refund: PayInRefund, pay_in: PayIn) -> None:
    write_attempt(
        AttemptDraft(
            operation=Operation.PAYOUT,
            number=1,
            amount=pay_in.amount,
            phone_number=None,
            party={"kind": "receipt", "value": pay_in.receipt},
            account=pay_in.provider_account,
            idempotency_key=f"pay-in-refund:{refund.id}",
            payout_ref=refund.id,
            debit_account=pay_in.suspense_account,
            reason=refund.reason[:200],
        )
    )


def _done(refund: PayInRefund, pay_in: PayIn, attempt: Attempt, actor: Actor) -> None:
    event = PaymentEvent.objects.filter(
        attempt=attempt, kind=EventKind.SUCCEEDED, booked_minor__gt=0
    ).get()
    others = PayInRefund.objects.filter(pay_in=pay_in).exclude(id=refund.id)
    is_open = not others.filter(
        state__in=[PayInRefundState.ASKED, PayInRefundState.APPROVED, PayInRefundState.DONE]
    ).exists()
    if pay_in.left_minor != pay_in.amount_minor or not is_open:
        missing = (StrayKind.CORRECTED, -pay_in.amount_minor)
        open_stray_of_event(event, attempt, missing)
        return
    refund.state, refund.said = PayInRefundState.DONE, event.provider_reference[:300]
    refund.save(update_fields=["state", "said"])
    use = PayInUsed(
        use=PayInUse.REFUNDED,
        amount_minor=pay_in.amount_minor,
        entry_id=cast("UUID", event.journal_id),  # what is booked has its journal
        reason=refund.reason,
    )
    write_use(pay_in, use, target=event.provider_reference, actor=actor)
    name = public_id("pin", pay_in.id)
    record(
        PayInRefunded(
            pay_in_id=name,
            amount=Money(pay_in.amount_minor, pay_in.currency),
            provider_account=pay_in.provider_account.label,
            provider_reference=event.provider_reference,
        ),
        aggregate=name,
        correlation=pay_in.receipt,
    )


def _set(pay_in: PayIn, state: PayInState) -> None:
    pay_in.state = state
    pay_in.save(update_fields=["state"])
