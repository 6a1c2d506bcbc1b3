"""What settlements hears from payments."""

from __future__ import annotations

from uuid import UUID

from apps.platform.actors import SYSTEM
from apps.platform.ids import parse_public_id
from apps.platform.messaging import InboundEvent, consumer
from apps.platform.money import Money
from apps.settlements import services
from apps.settlements.domain import ExpectedMovement, LineKind


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
