"""What every use of a pay-in does: lock it, see that it may be used, and write the use down."""

from __future__ import annotations

from uuid import UUID

from apps.payments.domain.pay_ins import PayInState
from apps.payments.errors import PayInDoesNotFit, UnknownPayIn
from apps.payments.events import PayInUsed as PayInUsedEvent
from apps.payments.models import PayIn, PayInUsed
from apps.platform import clock
from apps.platform.actors import Actor
from apps.platform.events import record
from apps.platform.ids import public_id
from apps.platform.money import Money


def locked_pay_in(pay_in_id: UUID) -> PayIn:
    """The pay-in with its provider account, locked; ``UnknownPayIn``."""
    found = (
        PayIn.objects.select_for_update(of=("self",))
        .select_related("provider_account")
        .filter(id=pay_in_id)
        .first()
    )
    if found is None:
        raise UnknownPayIn(pay_in=public_id("pin", pay_in_id))
    return found


def refuse_unless_usable(pay_in: PayIn, amount: Money) -> None:
    """Only an open pay-in is used, and never more of it than is left."""
    why = ""
    if pay_in.state != PayInState.OPEN:
        why = f"It is {pay_in.state}."
    elif amount.currency != pay_in.currency or not 0 < amount.minor <= pay_in.left_minor:
        why = f"{pay_in.left} are left of it."
    if why:
        raise PayInDoesNotFit(pay_in=public_id("pin", pay_in.id), why=why)


def write_use(pay_in: PayIn, use: PayInUsed, *, target: str, actor: Actor) -> None:
    """Within a use case: the use, what is left, and the news of it."""
    use.pay_in, use.actor, use.at = pay_in, str(actor), clock.now()
    use.save(force_insert=True)
    pay_in.left_minor -= use.amount_minor
    pay_in.state = PayInState.OPEN if pay_in.left_minor else PayInState.USED
    pay_in.doubt = pay_in.doubt if pay_in.left_minor else ""
    pay_in.save(update_fields=["left_minor", "state", "doubt"])
    name = public_id("pin", pay_in.id)
    record(
        PayInUsedEvent(
            pay_in_id=name,
            use=use.use,
            amount=Money(use.amount_minor, pay_in.currency),
            left=pay_in.left,
            target=target,
        ),
        aggregate=name,
        correlation=pay_in.receipt,
    )
