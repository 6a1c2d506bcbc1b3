"""Using a pay-in: for a payment that was asked for, or for a party it belongs to."""

from __future__ import annotations

from uuid import UUID

from apps.ledger.domain import AccountClass, credit
from apps.ledger.selectors import account_balance
from apps.payments.connectors.registry import connector
from apps.payments.domain import allocations
from apps.payments.domain.merging import RANKS, EventKind
from apps.payments.domain.pay_ins import PayInUse, why_not_applied
from apps.payments.domain.states import IntentStatus
from apps.payments.errors import (
    PartyAccountNeeded,
    PayInDoesNotFit,
    UnknownIntent,
    UseReasonMissing,
)
from apps.payments.events import PaymentCaptured
from apps.payments.models import PayIn, PayInUsed, PaymentEvent, PaymentIntent
from apps.payments.selectors.payables import payable_of
from apps.payments.services.journals import allocation_of
from apps.payments.services.pay_in_uses import locked_pay_in, refuse_unless_usable, write_use
from apps.payments.services.pay_ins.books import book_use
from apps.payments.services.projecting import project
from apps.platform import audit, clock
from apps.platform.actors import Actor
from apps.platform.events import record
from apps.platform.ids import new_id, public_id
from apps.platform.money import Money
from apps.platform.use_cases import use_case


@use_case("payments.apply_pay_in")
def apply_pay_in(*, pay_in_id: UUID, intent_id: UUID, reason: str, actor: Actor) -> None:
    """Settle a payment that was asked for with an unused pay-in.

    The payment takes what it asks for; more than that stays with the pay-in. Refused with
    ``PayInDoesNotFit`` when the payment is paid or under way, or when less is left than it asks
    for; nothing is written then.
    """
    intent = PaymentIntent.objects.select_for_update().filter(id=intent_id).first()
    if intent is None:
        raise UnknownIntent(intent=public_id("pi", intent_id))
    pay_in = locked_pay_in(pay_in_id)
    if not reason.strip():
        raise UseReasonMissing
    apply(pay_in, intent, rule="", reason=reason, actor=actor)
    audit.note(public_id("pin", pay_in.id), intent=public_id("pi", intent.id))


@use_case("payments.move_pay_in")
def move_pay_in(
    *, pay_in_id: UUID, account: str, reason: str, actor: Actor, amount: Money | None = None
) -> None:
    """Credit what is left of a pay-in, or ``amount`` of it, to the account of a party.

    The account is a liability (``PartyAccountNeeded``): money that came in unasked is owed to
    somebody, and becomes income nowhere but in a payment that was asked for.
    """
    pay_in = locked_pay_in(pay_in_id)
    if not reason.strip():
        raise UseReasonMissing
    moved = amount or pay_in.left
    refuse_unless_usable(pay_in, moved)
    party = account_balance(account)
    if party.account_class != AccountClass.LIABILITY or party.is_header:
        raise PartyAccountNeeded(account=account)
    said = f"Pay-in {pay_in.receipt} moved to {account}"
    use_id = new_id()
    entry = book_use(pay_in, use_id, said, [credit(account, moved)], actor)
    write_use(
        pay_in,
        PayInUsed(
            id=use_id,
            use=PayInUse.MOVED,
            amount_minor=moved.minor,
            account=account,
            entry_id=entry,
            reason=reason.strip()[:300],
        ),
        target=account,
        actor=actor,
    )
    audit.note(public_id("pin", pay_in.id), account=account, amount_minor=moved.minor)


def apply(pay_in: PayIn, intent: PaymentIntent, *, rule: str, reason: str, actor: Actor) -> None:
    """Within a use case, both locked: the pay-in settles the payment."""
    name = public_id("pin", pay_in.id)
    asked = Money(intent.amount_minor, intent.currency)
    if why := why_not_applied(payable_of(intent), pay_in.left):
        raise PayInDoesNotFit(pay_in=name, why=why)
    refuse_unless_usable(pay_in, asked)
    legs = allocations.credits(
        allocation_of(intent), asked, is_first=True, suspense=pay_in.suspense_account
    )
    use_id = new_id()
    said = f"Payment {intent.reference} by pay-in {pay_in.receipt}"
    entry = book_use(pay_in, use_id, said, [credit(code, part) for code, part in legs], actor)
    write_use(
        pay_in,
        PayInUsed(
            id=use_id,
            use=PayInUse.APPLIED,
            amount_minor=asked.minor,
            intent=intent,
            entry_id=entry,
            rule=rule,
            reason=reason.strip()[:300],
        ),
        target=intent.reference,
        actor=actor,
    )
    _settle(pay_in, intent, entry, actor)


def _settle(pay_in: PayIn, intent: PaymentIntent, entry: UUID, actor: Actor) -> None:
    """The payment's own facts and news. Its money was booked by the pay-in, so it books nothing."""
    account, name = pay_in.provider_account, public_id("pin", pay_in.id)
    facts = {
        "provider_account": account,
        "intent": intent,
        "facet": f"pay_in:{pay_in.id}",
        "currency": intent.currency,
        "received_at": clock.now(),
        "is_effective": True,
    }
    if intent.status == IntentStatus.REQUIRES_METHOD:
        PaymentEvent.objects.create(
            kind=EventKind.REQUESTED,
            rank=RANKS[EventKind.REQUESTED],
            source="system",
            dedupe=f"requested:{pay_in.id}:{intent.id}",
            **facts,
        )
        project(intent)
    PaymentEvent.objects.create(
        kind=EventKind.SUCCEEDED,
        rank=RANKS[EventKind.SUCCEEDED],
        amount_minor=intent.amount_minor,
        provider_reference=pay_in.receipt,
        provider_time=pay_in.paid_at,
        source="operator" if actor.id is not None else "callback",
        callback=pay_in.callback,
        dedupe=f"pay_in:{pay_in.receipt}:{intent.id}",
        data={"pay_in": name, "entry": public_id("je", entry)},
        **facts,
    )
    project(intent)
    asked = Money(intent.amount_minor, intent.currency)
    tariff = connector(account.connector).tariff(account.config)
    record(
        PaymentCaptured(
            intent_id=public_id("pi", intent.id),
            reference=intent.reference,
            amount=asked,
            provider_reference=pay_in.receipt,
            payer_masked=pay_in.payer,
            provider_account=account.label,
            expected_fee=tariff.pay_in_fee(asked) if tariff else None,
            pay_in_id=name,
        ),
        aggregate=public_id("pi", intent.id),
        correlation=intent.reference,
    )
