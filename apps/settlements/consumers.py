"""What settlements hears from payments."""

from __future__ import annotations

from uuid import UUID

from apps.platform.actors import SYSTEM
from apps.platform.ids import parse_public_id
from apps.platform.messaging import InboundEvent, consumer
from apps.platform.money import Money
from apps.settlements import services
from apps.settlements.domain import Direction, ExpectedMovement, LineKind

#: Kinds of strayed money that are whole movements nothing else announced.
_STRAYED_WHOLE = ("late", "second", "short", "returned")


@consumer(
    name="settlements.payment_captured",
    stream="HOUSE",
    subject="house.*.payments.payment_captured.v1",
)
def on_payment_captured(event: InboundEvent) -> None:
    """Expect the pay-in on the provider's statement, unless it came unasked and is expected."""
    if event.data.get("pay_in_id"):
        return
    movement = ExpectedMovement(
        provider_account=event.data["provider_account"],
        kind=LineKind.PAYIN,
        amount=_money(event.data["amount"]),
        provider_reference=event.data["provider_reference"],
        source=f"payin:{event.data['intent_id']}:{event.data['provider_reference']}",
        expected_fee=_optional(event.data.get("expected_fee")),
    )
    services.expect_movement(movement=movement, actor=SYSTEM)


@consumer(
    name="settlements.pay_in_received",
    stream="HOUSE",
    subject="house.*.payments.pay_in_received.v1",
)
def on_pay_in_received(event: InboundEvent) -> None:
    """Expect what came in unasked as well; what was handed over by hand is on no statement."""
    if event.data["learnt_from"] == "operator":
        return
    movement = ExpectedMovement(
        provider_account=event.data["provider_account"],
        kind=LineKind.PAYIN,
        amount=_money(event.data["amount"]),
        provider_reference=event.data["provider_reference"],
        source=f"payin:{event.data['pay_in_id']}:{event.data['provider_reference']}",
        expected_fee=_optional(event.data.get("expected_fee")),
    )
    services.expect_movement(movement=movement, actor=SYSTEM)


@consumer(
    name="settlements.payment_partly_captured",
    stream="HOUSE",
    subject="house.*.payments.payment_partly_captured.v1",
)
def on_payment_partly_captured(event: InboundEvent) -> None:
    """A part of held money came."""
    _expect(event, LineKind.PAYIN, f"payin:{event.data['intent_id']}:{_reference(event)}")


@consumer(
    name="settlements.money_strayed", stream="HOUSE", subject="house.*.payments.money_strayed.v1"
)
def on_money_strayed(event: InboundEvent) -> None:
    """Late, twice or too little: it came all the same. A payout that came back comes in."""
    subject = event.data["intent_id"] or event.data["stray_id"]
    if event.data["kind"] in _STRAYED_WHOLE:
        source = f"payin:{subject}:{_reference(event)}"
        _expect(event, LineKind.PAYIN, source, amount=_money(event.data["moved"]))


@consumer(name="settlements.refund_paid", stream="HOUSE", subject="house.*.payments.refund_paid.v1")
def on_refund_paid(event: InboundEvent) -> None:
    """Money goes out to a payer."""
    _expect(event, LineKind.PAYOUT, f"refund:{event.data['refund_id']}:{_reference(event)}")


@consumer(
    name="settlements.refund_reversed",
    stream="HOUSE",
    subject="house.*.payments.refund_reversed.v1",
)
def on_refund_reversed(event: InboundEvent) -> None:
    """A refund came back."""
    _expect(event, LineKind.PAYIN, f"refund:{event.data['refund_id']}:back:{_reference(event)}")


@consumer(
    name="settlements.pay_in_refunded",
    stream="HOUSE",
    subject="house.*.payments.pay_in_refunded.v1",
)
def on_pay_in_refunded(event: InboundEvent) -> None:
    """A pay-in went back to its payer."""
    _expect(event, LineKind.PAYOUT, f"payin:{event.data['pay_in_id']}:back:{_reference(event)}")


@consumer(
    name="settlements.dispute_moved", stream="HOUSE", subject="house.*.payments.dispute_moved.v1"
)
def on_dispute_moved(event: InboundEvent) -> None:
    """A dispute took money or gave it back; its fees are lines of their own kind."""
    kind = {"withdrawn": LineKind.PAYOUT, "reinstated": LineKind.PAYIN}.get(event.data["kind"])
    if kind is not None:
        source = f"dispute:{event.data['dispute_id']}:{event.data['kind']}:{_reference(event)}"
        _expect(event, kind, source)


@consumer(
    name="settlements.withdrawal_left",
    stream="HOUSE",
    subject="house.*.payments.withdrawal_left.v1",
)
def on_withdrawal_left(event: InboundEvent) -> None:
    """The provider pays our balance out: it leaves its statement."""
    _expect(
        event, LineKind.TRANSFER, f"withdrawal:{event.data['withdrawal_id']}:left",
        direction=Direction.OUT,
    )  # fmt: skip


@consumer(
    name="settlements.withdrawal_came",
    stream="HOUSE",
    subject="house.*.payments.withdrawal_came.v1",
)
def on_withdrawal_came(event: InboundEvent) -> None:
    """It is to be on our bank's statement, if we know which bank's."""
    if event.data["bank"]:
        _expect(
            event, LineKind.TRANSFER, f"withdrawal:{event.data['withdrawal_id']}:came",
            direction=Direction.IN, account=event.data["bank"],
        )  # fmt: skip


@consumer(
    name="settlements.withdrawal_failed",
    stream="HOUSE",
    subject="house.*.payments.withdrawal_failed.v1",
)
def on_withdrawal_failed(event: InboundEvent) -> None:
    """It is at the provider again."""
    _expect(
        event, LineKind.TRANSFER, f"withdrawal:{event.data['withdrawal_id']}:back",
        direction=Direction.IN,
    )  # fmt: skip


@consumer(name="settlements.payout_paid", stream="HOUSE", subject="house.*.payments.payout_paid.v1")
def on_payout_paid(event: InboundEvent) -> None:
    """The disbursement is paid, and the movement is expected on the statement."""
    services.note_payout_paid(
        disbursement_id=UUID(event.data["payout_ref"]),
        provider_reference=event.data["provider_reference"],
        actor=SYSTEM,
    )
    movement = ExpectedMovement(
        provider_account=event.data["provider_account"],
        kind=LineKind.PAYOUT,
        amount=_money(event.data["amount"]),
        provider_reference=event.data["provider_reference"],
        source=f"payout:{event.data['payout_ref']}",
        expected_fee=_optional(event.data.get("expected_fee")),
    )
    services.expect_movement(movement=movement, actor=SYSTEM)


@consumer(
    name="settlements.payout_failed", stream="HOUSE", subject="house.*.payments.payout_failed.v1"
)
def on_payout_failed(event: InboundEvent) -> None:
    """The amount is owed again."""
    services.note_payout_failed(
        disbursement_id=UUID(event.data["payout_ref"]), code=event.data["code"], actor=SYSTEM
    )


@consumer(
    name="settlements.payout_unknown", stream="HOUSE", subject="house.*.payments.payout_unknown.v1"
)
def on_payout_unknown(event: InboundEvent) -> None:
    """The money stays in transit until the truth is known."""
    services.note_payout_unknown(disbursement_id=UUID(event.data["payout_ref"]), actor=SYSTEM)


@consumer(
    name="settlements.bank_statement_received",
    stream="HOUSE",
    subject="house.*.payments.bank_statement_received.v1",
)
def on_bank_statement_received(event: InboundEvent) -> None:
    """The bank's statement is imported and matched."""
    file_id = parse_public_id("bf", event.data["file_id"])
    services.import_bank_file(file_id=file_id, actor=SYSTEM)


def _money(data: dict[str, object]) -> Money:
    return Money(int(str(data["amount_minor"])), str(data["currency"]))


def _optional(data: dict[str, object] | None) -> Money | None:
    return _money(data) if data else None


def _expect(
    event: InboundEvent,
    kind: LineKind,
    source: str,
    *,
    amount: Money | None = None,
    direction: Direction | None = None,
    account: str = "",
) -> None:
    movement = ExpectedMovement(
        provider_account=account or event.data["provider_account"],
        kind=kind,
        amount=amount or _money(event.data["amount"]),
        provider_reference=_reference(event),
        source=source[:200],
        expected_fee=_optional(event.data.get("expected_fee")),
        direction=direction,
    )
    services.expect_movement(movement=movement, actor=SYSTEM)


def _reference(event: InboundEvent) -> str:
    return str(event.data["provider_reference"])
