"""Collecting from a phone: every ending the provider can give a payment."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from apps.payments import selectors, services
from apps.payments.errors import IntentNotCollectable
from apps.payments.models import Attempt, Callback
from apps.platform import clock
from apps.platform.actors import SYSTEM
from apps.platform.ids import public_id
from tests.payments.conftest import House
from tests.payments.world import (
    balance,
    collect,
    kes,
    new_intent,
    payment_when,
    told,
    until,
    work,
)

Later = Callable[[float], None]
ACCOUNTS = ("1100", "2800", "4000", "2100.rst-1")


def balances() -> list[int]:
    return [balance(code) for code in ACCOUNTS]


def change(before: list[int]) -> list[int]:
    return [now - then for then, now in zip(before, balances(), strict=True)]


def test_a_paid_prompt_is_captured_booked_and_told_once(house: House) -> None:
    before = balances()
    view = payment_when(collect("254708000001"), "succeeded")
    assert change(before) == [1_500_00, 0, 150_00, 1_350_00]
    (captured,) = told("payment_captured", public_id("pi", view.intent.id))
    assert captured["amount"] == {"amount_minor": 1_500_00, "currency": "KES"}
    assert captured["payer_masked"] == "2547*****001"
    assert captured["expected_fee"] == {"amount_minor": 8_25, "currency": "KES"}
    assert captured["provider_account"] == "mpesa-collections"
    receipts = {row["receipt"] for row in house.provider.transfers(house.paybill, "pay_in")}
    assert captured["provider_reference"] in receipts
    assert [e.kind for e in view.events] == ["requested", "pending", "succeeded"]
    assert [a.state for a in view.attempts] == ["succeeded"]
    assert view.exchanges[0].request["PhoneNumber"] == "2547*****001"
    assert view.exchanges[0].request["Password"] == "***"


@pytest.mark.parametrize(
    ("ending", "code"), [("02", "customer.cancelled"), ("03", "customer.insufficient_funds")]
)
def test_a_refused_prompt_fails_and_books_nothing(house: House, ending: str, code: str) -> None:
    before = balances()
    view = payment_when(collect(f"2547080000{ending}"), "failed")
    assert change(before) == [0, 0, 0, 0]
    (failed,) = told("payment_failed", public_id("pi", view.intent.id))
    assert (failed["code"], view.attempts[0].money_moved) == (code, "no")


def test_a_failed_payment_can_be_tried_again(house: House) -> None:
    intent_id = collect("254708000002")
    payment_when(intent_id, "failed")
    services.start_collection(intent_id=intent_id, actor=SYSTEM)
    view = payment_when(intent_id, "failed")
    assert [attempt.number for attempt in view.attempts] == [1, 2]
    assert len({attempt.provider_key for attempt in view.attempts}) == 2


def test_while_an_attempt_runs_there_is_no_second(house: House) -> None:
    intent_id = new_intent("254708000001")
    first = services.start_collection(intent_id=intent_id, actor=SYSTEM)
    again = services.start_collection(intent_id=intent_id, actor=SYSTEM)
    assert again.is_replay
    assert again.attempt_id == first.attempt_id
    payment_when(intent_id, "succeeded")
    with pytest.raises(IntentNotCollectable):
        services.start_collection(intent_id=intent_id, actor=SYSTEM)


def test_unreachable_is_unknown_until_the_late_success(house: House) -> None:
    """By what was written down: the success may follow sooner than anybody looks."""
    intent_id = collect("254708000004")
    view = payment_when(intent_id, "succeeded")
    known = [e.kind for e in view.events if e.kind in ("unknown", "succeeded")]
    assert known == ["unknown", "succeeded"]
    (unknown,) = told("payment_unknown", public_id("pi", intent_id))
    assert unknown["code"] == "customer.unreachable"
    assert len(told("payment_captured", public_id("pi", intent_id))) == 1


def test_unreachable_and_asked_is_failed_and_then_paid_after_all(
    house: House, later: Later
) -> None:
    house.provider.tell("settings", late_delay_ms=3_000)
    try:
        before = balances()
        intent_id = collect("254708000004")
        payment_when(intent_id, "unknown")
        later(6)
        payment_when(intent_id, "failed")
        assert change(before) == [0, 0, 0, 0]
        view = payment_when(intent_id, "succeeded")
    finally:
        house.provider.tell("settings", late_delay_ms=600)
    assert change(before) == [1_500_00, 0, 150_00, 1_350_00]
    name = public_id("pi", intent_id)
    assert [len(told(f"payment_{x}", name)) for x in ("unknown", "failed", "captured")] == [1, 1, 1]
    assert [a.state for a in view.attempts] == ["succeeded"]


def test_three_equal_callbacks_make_one_entry(house: House) -> None:
    before = balances()
    view = payment_when(collect("254708000005"), "succeeded")
    counted = until(
        lambda: [
            row.duplicates
            for row in Callback.objects.filter(attempt_id=view.attempts[0].id, duplicates=2)
        ],
        "two duplicates",
    )
    work()
    assert counted == [2]
    assert change(before) == [1_500_00, 0, 150_00, 1_350_00]
    assert len(told("payment_captured", public_id("pi", view.intent.id))) == 1


def test_a_callback_before_the_acknowledgement_counts(house: House) -> None:
    before = balances()
    view = payment_when(collect("254708000006"), "succeeded")
    assert change(before) == [1_500_00, 0, 150_00, 1_350_00]
    assert view.attempts[0].acknowledged_at is not None


def test_a_lost_acknowledgement_is_unknown_and_found_by_its_address(house: House) -> None:
    intent_id = new_intent("254708000007")
    services.start_collection(intent_id=intent_id, actor=SYSTEM)
    services.send_due_attempts()
    view = selectors.payment(intent_id)
    assert view.attempts[0].state == "unknown"
    assert view.attempts[0].provider_refs == {}
    view = payment_when(intent_id, "succeeded")
    assert view.attempts[0].acknowledged_at is None
    assert len(house.provider.transfers(house.paybill, "pay_in")) == len(
        {row["receipt"] for row in house.provider.transfers(house.paybill, "pay_in")}
    )


def test_a_prompt_that_died_with_its_worker_is_proved_absent_and_sent_again(
    house: House, later: Later
) -> None:
    before = balances()
    intent_id = new_intent("254708000001")
    receipt = services.start_collection(intent_id=intent_id, actor=SYSTEM)
    Attempt.objects.filter(id=receipt.attempt_id).update(
        state="sending", sends=1, sent_at=clock.now(), next_send_at=None
    )
    later(61)
    work()
    assert selectors.payment(intent_id).intent.status == "unknown"
    later(31)
    work()  # asked, and too early to be sure: a prompt could still be answered
    assert selectors.payment(intent_id).attempts[0].state == "unknown"
    later(61)
    view = payment_when(intent_id, "succeeded")
    assert [(attempt.number, attempt.sends) for attempt in view.attempts] == [(1, 2)]
    assert change(before) == [1_500_00, 0, 150_00, 1_350_00]


def test_a_silent_payment_is_found_by_asking_with_its_receipt(house: House, later: Later) -> None:
    before = balances()
    intent_id = collect("254708000008")
    until(lambda: house.provider.transfers(house.paybill, "pay_in"))
    work()
    assert selectors.payment(intent_id).intent.status == "processing"
    later(11)
    view = payment_when(intent_id, "succeeded")
    assert change(before) == [1_500_00, 0, 150_00, 1_350_00]
    (event,) = [e for e in view.events if e.kind == "succeeded"]
    assert event.source == "query"
    receipts = {row["receipt"] for row in house.provider.transfers(house.paybill, "pay_in")}
    assert event.provider_reference in receipts
    assert view.callbacks == ()


def test_a_stale_failure_after_success_changes_nothing(house: House) -> None:
    intent_id = collect("254708000009")
    payment_when(intent_id, "succeeded")

    def ignored() -> int:
        work()
        return sum(c.state == "ignored" for c in selectors.payment(intent_id).callbacks)

    assert until(ignored) == 1
    view = selectors.payment(intent_id)
    assert view.intent.status == "succeeded"
    assert told("payment_failed", public_id("pi", intent_id)) == []


def test_a_spike_arrest_is_sent_again_until_it_is_let_through(house: House, later: Later) -> None:
    intent_id = collect("254708000010")
    assert selectors.payment(intent_id).attempts[0].state == "not_sent"
    later(5)
    services.send_due_attempts()
    later(5)
    view = payment_when(intent_id, "succeeded")
    assert (view.attempts[0].sends, len(view.attempts)) == (3, 1)
    assert told("payment_failed", public_id("pi", intent_id)) == []


def test_false_is_not_zero(house: House) -> None:
    """The first callback says ``false``, which proves nothing; the second says ``"0"``.

    On a busy machine the second may be read first; then the first has nothing left to say.
    """
    view = payment_when(collect("254708000011"), "succeeded")
    kinds = [event.kind for event in view.events]
    assert kinds in (
        ["requested", "pending", "unknown", "succeeded"],
        ["requested", "pending", "succeeded"],
    )


def test_a_short_payment_goes_to_suspense_as_a_whole(house: House) -> None:
    before = balances()
    intent_id = collect("254708000012")
    view = payment_when(intent_id, "partially_captured")
    assert view.intent.captured == kes(1_499)
    assert change(before) == [1_499_00, 1_499_00, 0, 0]
    (differs,) = told("payment_amount_differs", public_id("pi", intent_id))
    assert (differs["asked"]["amount_minor"], differs["paid"]["amount_minor"]) == (
        1_500_00,
        1_499_00,
    )
    assert told("payment_captured", public_id("pi", intent_id)) == []


def test_what_is_paid_above_goes_to_suspense(house: House) -> None:
    before = balances()
    intent_id = collect("254708000112", kes(1))
    view = payment_when(intent_id, "succeeded")
    assert view.intent.captured == kes(2)
    assert change(before)[:2] == [2_00, 1_00]
    assert len(told("payment_captured", public_id("pi", intent_id))) == 1
    assert len(told("payment_amount_differs", public_id("pi", intent_id))) == 1


@pytest.mark.parametrize("ending", ["13", "14"])
def test_a_hidden_payer_is_recognised(house: House, ending: str) -> None:
    payment_when(collect(f"2547080000{ending}"), "succeeded")


def test_an_unanswered_provider_leaves_the_attempt_unsent(house: House, later: Later) -> None:
    house.provider.tell("faults", path="/mpesa/stkpush/v1/processrequest", kind="too_many")
    intent_id = collect("254708000001")
    assert selectors.payment(intent_id).attempts[0].state == "not_sent"
    later(6)
    payment_when(intent_id, "succeeded")


@pytest.mark.parametrize("kind", ["internal", "html", "empty", "malformed", "unavailable", "drop"])
def test_an_answer_that_proves_nothing_is_unknown(house: House, kind: str) -> None:
    house.provider.tell("faults", path="/mpesa/stkpush/v1/processrequest", kind=kind)
    intent_id = collect("254708000001")
    view = selectors.payment(intent_id)
    assert (view.attempts[0].state, view.intent.status) == ("unknown", "unknown")
    assert view.attempts[0].money_moved == "unknown"
    assert len(told("payment_unknown", public_id("pi", intent_id))) == 1
