"""STK push: checks, and what each magic ending does."""

from __future__ import annotations

import hashlib
from decimal import Decimal
from typing import Any

import httpx
import pytest

from tests.world_daraja.client import Json, Receiver, Tenant, until

HOOK = "/cb"


def told(receiver: Receiver, count: int = 1) -> list[Json]:
    return [body["Body"]["stkCallback"] for body in receiver.wait(HOOK, count)]


def items(message: Json) -> Json:
    return {row["Name"]: row.get("Value") for row in message["CallbackMetadata"]["Item"]}


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("Amount", "10.50"),
        ("Amount", 0),
        ("Amount", True),
        ("PhoneNumber", "0708374101"),
        ("PhoneNumber", "254208374101"),
        ("PartyA", "25470837410"),
        ("AccountReference", "longer than 12"),
        ("AccountReference", ""),
        ("TransactionDesc", "longer than thirteen"),
        ("TransactionType", "CustomerPay"),
        ("CallBackURL", "nowhere"),
        ("PartyB", "600000"),
        ("Timestamp", "20261399000000"),
    ],
)
def test_a_bad_field_is_refused_by_name(tenant: Tenant, field: str, value: Any) -> None:
    answer = tenant.push("254708374101", **{field: value})
    assert (answer.status_code, answer.json()["errorCode"]) == (400, "400.002.02")
    assert answer.json()["errorMessage"] == f"Bad Request - Invalid {field}"


def test_a_success_is_pending_then_called_back_and_booked(
    tenant: Tenant, receiver: Receiver
) -> None:
    tenant.control("settings", callback_delay_ms=300)
    ack = tenant.push("254708374101", Amount=1500).json()
    assert ack["ResponseCode"] == "0"
    pending = tenant.query(ack["CheckoutRequestID"])
    assert (pending.status_code, pending.json()["errorCode"]) == (500, "500.001.1001")
    assert "being processed" in pending.json()["errorMessage"]
    tenant.control("settings", callback_delay_ms=30)

    [message] = told(receiver)
    assert message["MerchantRequestID"] == ack["MerchantRequestID"]
    assert message["CheckoutRequestID"] == ack["CheckoutRequestID"]
    assert message["ResultCode"] == 0
    facts = items(message)
    [booked] = tenant.transactions("pay_in")
    assert facts["Amount"] == Decimal("1500.00")
    assert isinstance(facts["Amount"], Decimal)
    assert facts["MpesaReceiptNumber"] == booked["receipt"]
    assert facts["Balance"] is None
    assert facts["PhoneNumber"] == 254708374101
    assert len(str(facts["TransactionDate"])) == 14
    assert (booked["amount_minor"], booked["account_reference"]) == (1500_00, "INV-1001")
    assert booked["checkout_request_id"] == ack["CheckoutRequestID"]
    assert tenant.query(ack["CheckoutRequestID"]).json()["ResultCode"] == "0"


@pytest.mark.parametrize(("ending", "code"), [("02", 1032), ("03", 1)])
def test_a_declined_prompt_moves_no_money(
    tenant: Tenant, receiver: Receiver, ending: str, code: int
) -> None:
    ack = tenant.push(f"2547083741{ending}").json()
    [message] = told(receiver)
    assert message["ResultCode"] == code
    assert "CallbackMetadata" not in message
    assert tenant.query(ack["CheckoutRequestID"]).json()["ResultCode"] == str(code)
    assert tenant.transactions("pay_in") == []


def test_ending_04_is_unreachable_and_pays_late(tenant: Tenant, receiver: Receiver) -> None:
    ack = tenant.push("254708374104").json()
    assert told(receiver)[0]["ResultCode"] == 1037
    assert tenant.transactions("pay_in") == []
    assert [message["ResultCode"] for message in told(receiver, 2)] == [1037, 0]
    assert len(tenant.transactions("pay_in")) == 1
    assert tenant.query(ack["CheckoutRequestID"]).json()["ResultCode"] == "0"


def test_ending_05_calls_back_three_times_the_same(tenant: Tenant, receiver: Receiver) -> None:
    tenant.push("254708374105")
    first, second, third = told(receiver, 3)
    assert first == second == third
    assert len(tenant.transactions("pay_in")) == 1


def test_ending_06_calls_back_before_it_answers(tenant: Tenant, receiver: Receiver) -> None:
    ack = tenant.push("254708374106").json()
    [message] = receiver.at(HOOK)
    assert message["Body"]["stkCallback"]["CheckoutRequestID"] == ack["CheckoutRequestID"]


def test_ending_07_books_and_loses_the_answer(tenant: Tenant, receiver: Receiver) -> None:
    with pytest.raises(httpx.RemoteProtocolError):
        tenant.push("254708374107")
    [booked] = tenant.transactions("pay_in")
    assert items(told(receiver)[0])["MpesaReceiptNumber"] == booked["receipt"]


def test_ending_08_is_paid_in_silence(tenant: Tenant, receiver: Receiver) -> None:
    ack = tenant.push("254708374108").json()
    until(lambda: tenant.transactions("pay_in"))
    assert tenant.query(ack["CheckoutRequestID"]).json()["ResultCode"] == "0"
    assert tenant.read("callbacks")["callbacks"] == []
    assert receiver.heard == []


def test_ending_09_sends_a_stale_failure_after_the_success(
    tenant: Tenant, receiver: Receiver
) -> None:
    ack = tenant.push("254708374109").json()
    assert [message["ResultCode"] for message in told(receiver, 2)] == [0, 1037]
    assert tenant.query(ack["CheckoutRequestID"]).json()["ResultCode"] == "0"


def test_ending_10_is_refused_twice_then_accepted(tenant: Tenant) -> None:
    answers = [tenant.push("254708374110") for _ in range(3)]
    assert [answer.status_code for answer in answers] == [500, 500, 200]
    assert answers[0].json()["errorCode"] == "500.003.02"
    until(lambda: len(tenant.transactions("pay_in")) == 1)


def test_ending_11_sends_the_code_as_boolean_and_as_text(
    tenant: Tenant, receiver: Receiver
) -> None:
    tenant.push("254708374111")
    assert [message["ResultCode"] for message in told(receiver, 2)] == [False, "0"]
    assert isinstance(told(receiver)[0]["ResultCode"], bool)


def test_ending_12_pays_another_amount(tenant: Tenant, receiver: Receiver) -> None:
    tenant.push("254708374112")
    assert items(told(receiver)[0])["Amount"] == Decimal("1499.00")
    assert tenant.transactions("pay_in")[0]["amount_minor"] == 1499_00


@pytest.mark.parametrize(
    ("phone", "shown"),
    [
        ("254708374113", "2547 ***** 113"),
        ("254708374114", hashlib.sha256(b"254708374114").hexdigest()),
    ],
)
def test_endings_13_and_14_hide_the_payer(
    tenant: Tenant, receiver: Receiver, phone: str, shown: str
) -> None:
    tenant.push(phone)
    assert items(told(receiver)[0])["PhoneNumber"] == shown


def test_any_other_ending_succeeds(tenant: Tenant, receiver: Receiver) -> None:
    tenant.push("254110374199")
    assert told(receiver)[0]["ResultCode"] == 0


def test_more_than_the_limit_is_declined_by_callback(tenant: Tenant, receiver: Receiver) -> None:
    tenant.push("254708374101", Amount="250001")
    assert told(receiver)[0]["ResultCode"] == 3
    assert tenant.transactions("pay_in") == []
