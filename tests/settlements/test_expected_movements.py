"""What settlements hears of payments beyond captures, and what a person makes of a line."""

from __future__ import annotations

from typing import Any

import pytest

from apps.payments.models import PayIn, PaymentEvent, ProviderAccount
from apps.payments.selectors import fees_in_books
from apps.platform import clock
from apps.platform.actors import SYSTEM
from apps.platform.ids import new_id
from apps.platform.messaging import InboundEvent
from apps.settlements import consumers, errors, services
from apps.settlements.models import Break, ExpectedItem
from tests.settlements.world import COLLECTIONS, Line, balance, import_csv, open_books, post

pytestmark = pytest.mark.usefixtures("mara")


@pytest.fixture(autouse=True)
def books(mara: object) -> None:
    open_books(float_shillings=0)


def event(**data: Any) -> InboundEvent:
    money = {"amount_minor": 700_00, "currency": "KES"}
    facts = {
        "provider_account": COLLECTIONS, "provider_reference": "R1", "amount": money,
        "moved": money, "intent_id": "pi_1", "stray_id": "str_1", "refund_id": "rf_1",
        "pay_in_id": "pin_1", "dispute_id": "dp_1", "withdrawal_id": "wdr_1", "bank": "bank",
    }  # fmt: skip
    return InboundEvent(
        id=str(new_id()), type="", subject="", time=clock.now(), data=facts | data,
        traceparent="", correlation="", sequence=1,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("heard", "facts", "direction"),
    [
        ("payment_partly_captured", {}, "in"),
        ("money_strayed", {"kind": "late"}, "in"),
        ("money_strayed", {"kind": "returned", "intent_id": None}, "in"),
        ("money_strayed", {"kind": "over"}, None),
        ("refund_paid", {}, "out"),
        ("refund_reversed", {}, "in"),
        ("pay_in_refunded", {}, "out"),
        ("dispute_moved", {"kind": "withdrawn"}, "out"),
        ("dispute_moved", {"kind": "reinstated"}, "in"),
        ("dispute_moved", {"kind": "fee"}, None),
        ("withdrawal_left", {}, "out"),
        ("withdrawal_came", {}, "in"),
        ("withdrawal_came", {"bank": ""}, None),
        ("withdrawal_failed", {}, "in"),
    ],
)
def test_each_movement_is_expected_once(
    heard: str, facts: dict[str, Any], direction: str | None
) -> None:
    for _ in range(2):
        getattr(consumers, f"on_{heard}")(event(**facts))
    found = [(one.direction, one.amount_minor) for one in ExpectedItem.objects.all()]
    assert found == ([(direction, 700_00)] if direction else [])


def test_a_line_nobody_can_explain_becomes_a_pay_in() -> None:
    import_csv([Line("RC9", "700.00")])
    (row,) = Break.objects.filter(kind="missing_internal")
    before = (balance("1100"), balance("2800"))
    services.take_break_as_pay_in(break_id=row.id, actor=SYSTEM)
    row.refresh_from_db()
    assert (row.state, PayIn.objects.get().receipt) == ("resolved", "RC9")
    assert (balance("1100"), balance("2800")) == before
    with pytest.raises(errors.NotAPayIn):
        services.take_break_as_pay_in(break_id=row.id, actor=SYSTEM)


def test_a_fee_that_came_with_the_payment_is_not_booked_again() -> None:
    account = ProviderAccount.objects.get(label=COLLECTIONS)
    PaymentEvent.objects.create(
        provider_account=account, kind="succeeded", facet="purchase:x", rank=30, fee_minor=5_00,
        currency="KES", provider_reference="RC8", received_at=clock.now(), source="query",
        dedupe="x", is_effective=True,
    )  # fmt: skip
    assert fees_in_books(label=COLLECTIONS, references=["RC8", "", "RC7"]) == {"RC8": 5_00}
    post("5000", "1100", 5)
    fee = "Pay Bill Charge"
    import_csv([Line("RC8", "500.00"), Line("RC8F", "-5.00", reason=fee, linked="RC8")])
    assert balance("5000") == 5_00
