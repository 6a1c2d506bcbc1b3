"""Reading pay-ins, and the payments each may be meant for."""

from __future__ import annotations

from uuid import UUID

from django.db.models import QuerySet

from apps.payments.connectors.registry import connector
from apps.payments.domain import pay_ins as rules
from apps.payments.domain.pay_ins import (
    Candidate,
    Paid,
    PayInRefundRow,
    PayInRefundState,
    PayInRow,
    PayInState,
    PayInUse,
    PayInUseRow,
)
from apps.payments.domain.states import Operation
from apps.payments.errors import UnknownPayIn
from apps.payments.models import PayIn, PayInRefund, PayInUsed
from apps.payments.selectors.payables import payables_around
from apps.platform.ids import public_id
from apps.platform.money import Money

WAITING_MAX = 200


def pay_ins(*, state: str = "", receipt: str = "", reference: str = "") -> QuerySet[PayIn]:
    """Pay-ins, to be paged by this app's own entry points."""
    found = PayIn.objects.select_related("provider_account").prefetch_related(
        "uses__intent", "refunds"
    )
    if state:
        found = found.filter(state=state)
    if receipt:
        found = found.filter(receipt=receipt)
    return found.filter(account_reference=reference) if reference else found


def waiting_pay_ins() -> list[PayInRow]:
    """Those whose money is not all used, the oldest first."""
    found = pay_ins().exclude(state=PayInState.USED).order_by("received_at", "id")
    return [pay_in_row(pay_in) for pay_in in found[:WAITING_MAX]]


def waiting_pay_ins_count() -> int:
    """How many pay-ins wait for a person."""
    return PayIn.objects.exclude(state=PayInState.USED).count()


def pay_in(pay_in_id: UUID) -> PayInRow:
    """One pay-in, or ``UnknownPayIn``."""
    return pay_in_row(_found(pay_in_id))


def pay_in_candidates(pay_in_id: UUID) -> list[Candidate]:
    """The payments it may be meant for, the likeliest first, each with every reason."""
    found = _found(pay_in_id)
    paid = Paid(found.left, found.account_reference, found.payer, found.paid_at)
    return rules.candidates(paid, payables_around(paid), found.left)


def asked_refunds() -> list[tuple[PayInRow, PayInRefundRow]]:
    """Refunds that wait for a second person, the longest waiting first."""
    rows = PayInRefund.objects.filter(state=PayInRefundState.ASKED)
    found = {row.pay_in_id: row for row in rows.order_by("asked_at")[:WAITING_MAX]}
    known = {one.id: one for one in pay_ins().filter(id__in=list(found))}
    return [(pay_in_row(known[id]), _refund_row(row)) for id, row in found.items()]


def why_not_returned(found: PayIn) -> str:
    """Why it cannot go back to its payer now; empty when it can. Reads its account."""
    account = found.provider_account
    if found.state != PayInState.OPEN:
        return f"It is {found.state}."
    if found.left_minor != found.amount_minor:
        return "A part of it was used: only a whole pay-in goes back."
    can = connector(account.connector).capabilities(account.config)
    if "receipt" not in can.parties.get(Operation.PAYOUT, ()):
        return f"{account.name} undoes nothing by receipt: move it, and pay it out."
    return ""


def pay_in_refund_verb(pay_in_id: UUID) -> str:
    """Why the pay-in of that id cannot go back; empty when it can."""
    return why_not_returned(_found(pay_in_id))


def pay_in_row(found: PayIn) -> PayInRow:
    """One pay-in; reads its account, uses and refunds, so select them along."""
    return PayInRow(
        id=found.id,
        provider_account=found.provider_account.label,
        receipt=found.receipt,
        amount=found.amount,
        left=found.left,
        state=PayInState(found.state),
        account_reference=found.account_reference,
        payer=found.payer,
        payer_name=found.payer_name,
        source=found.source,
        doubt=found.doubt,
        paid_at=found.paid_at,
        received_at=found.received_at,
        entry_id=found.entry_id,
        uses=tuple(_use_row(use) for use in found.uses.all()),
        refunds=tuple(_refund_row(refund) for refund in found.refunds.all()),
    )


def _use_row(use: PayInUsed) -> PayInUseRow:
    return PayInUseRow(
        use=PayInUse(use.use),
        amount=Money(use.amount_minor, use.pay_in.currency),
        target=use.intent.reference if use.intent else use.account,
        intent_id=use.intent_id,
        entry_id=use.entry_id,
        rule=use.rule,
        actor=use.actor,
        reason=use.reason,
        at=use.at,
    )


def _refund_row(refund: PayInRefund) -> PayInRefundRow:
    return PayInRefundRow(
        id=refund.id,
        state=PayInRefundState(refund.state),
        reason=refund.reason,
        asked_by=refund.asked_by,
        asked_person=refund.asked_person,
        asked_at=refund.asked_at,
        decided_by=refund.decided_by,
        decided_at=refund.decided_at,
        said=refund.said,
    )


def _found(pay_in_id: UUID) -> PayIn:
    found = pay_ins().filter(id=pay_in_id).first()
    if found is None:
        raise UnknownPayIn(pay_in=public_id("pin", pay_in_id))
    return found
