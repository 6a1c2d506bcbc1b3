"""Customers who pay of their own accord: validation, confirmation, and pulling what was missed."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.world_daraja.client import Json, Receiver, Tenant, until

PAYER = "254708374101"


def register(tenant: Tenant, **changes: Any) -> httpx.Response:
    body = {
        "ShortCode": tenant.shortcode,
        "ResponseType": "Completed",
        "ConfirmationURL": tenant.receiver.url("/confirm"),
        "ValidationURL": tenant.receiver.url("/validate"),
    }
    return tenant.post("/mpesa/c2b/v2/registerurl", **{**body, **changes})


def simulate(tenant: Tenant, phone: str = PAYER) -> Json:
    answer = tenant.post(
        "/mpesa/c2b/v2/simulate",
        ShortCode=tenant.shortcode,
        CommandID="CustomerPayBillOnline",
        Amount=10,
        Msisdn=int(phone),
        BillRefNumber="INV-1001",
    )
    return dict(answer.json())


def test_registration_is_accepted_once(tenant: Tenant) -> None:
    first, second = register(tenant), register(tenant)
    assert first.json().keys() == {
        "OriginatorCoversationID",
        "ResponseCode",
        "ResponseDescription",
    }
    assert (second.status_code, second.json()["errorCode"]) == (500, "500.003.1001")
    assert second.json()["errorMessage"] == "Urls are already registered"
    tenant.control("forget-urls", shortcode=tenant.shortcode)
    assert register(tenant).status_code == 200


def test_a_url_with_a_forbidden_word_is_refused(tenant: Tenant) -> None:
    answer = register(tenant, ConfirmationURL=tenant.receiver.url("/mpesa/confirm"))
    assert answer.json()["errorMessage"] == "Bad Request - Invalid ConfirmationURL"


def test_a_payment_is_validated_booked_and_confirmed(tenant: Tenant, receiver: Receiver) -> None:
    register(tenant)
    assert simulate(tenant)["ResponseCode"] == "0"
    [confirmed], [asked] = receiver.wait("/confirm"), receiver.at("/validate")
    [booked] = tenant.transactions("pay_in")
    assert confirmed["TransID"] == booked["receipt"]
    assert (confirmed["TransAmount"], confirmed["BillRefNumber"]) == ("10.00", "INV-1001")
    assert confirmed["MSISDN"] == "2547 ***** 101"
    assert confirmed["OrgAccountBalance"] == "1000010.00"
    assert asked["OrgAccountBalance"] == ""
    assert confirmed["BusinessShortCode"] == tenant.shortcode


def test_a_rejected_payment_moves_no_money(tenant: Tenant, receiver: Receiver) -> None:
    register(tenant)
    receiver.answers["/validate"] = {"ResultCode": "C2B00012", "ResultDesc": "Rejected"}
    body = {"shortcode": tenant.shortcode, "phone": PAYER, "amount": 10}
    refused = tenant.http.post("/_control/paybill", json=body)
    assert refused.status_code == 422
    assert "C2B00012" in refused.json()["error"]
    assert tenant.transactions("pay_in") == []
    assert receiver.at("/confirm") == []


@pytest.mark.parametrize(("response_type", "paid"), [("Completed", 1), ("Cancelled", 0)])
def test_the_response_type_decides_when_validation_is_down(
    tenant: Tenant, response_type: str, paid: int
) -> None:
    closed = "http://127.0.0.1:9/validate"
    register(tenant, ResponseType=response_type, ValidationURL=closed)
    body = {"shortcode": tenant.shortcode, "phone": PAYER, "amount": 10}
    tenant.http.post("/_control/paybill", json=body)
    assert len(tenant.transactions("pay_in")) == paid


def test_confirmations_repeat_or_stay_out_by_ending(tenant: Tenant, receiver: Receiver) -> None:
    register(tenant, ValidationURL="")
    simulate(tenant, "254708374105")
    first, second, third = receiver.wait("/confirm", 3)
    assert first == second == third
    simulate(tenant, "254708374108")
    until(lambda: len(tenant.transactions("pay_in")) == 2)
    assert len(receiver.at("/confirm")) == 3


def test_a_paid_push_also_confirms_when_that_is_switched_on(
    tenant: Tenant, receiver: Receiver
) -> None:
    register(tenant)
    tenant.control("settings", stk_confirms_c2b=1)
    tenant.push(PAYER)
    [confirmed] = receiver.wait("/confirm")
    tenant.control("settings", stk_confirms_c2b=0)
    assert confirmed["TransID"] == tenant.transactions("pay_in")[0]["receipt"]
    assert confirmed["BillRefNumber"] == "INV-1001"


def test_what_was_missed_can_be_pulled(tenant: Tenant) -> None:
    registered = tenant.post(
        "/pulltransactions/v1/register",
        ShortCode=tenant.shortcode,
        RequestType="Pull",
        NominatedNumber="254722000000",
        CallBackURL=tenant.receiver.url("/pull"),
    )
    assert registered.json()["ResponseStatus"] == "1000"
    period = {"StartDate": "2020-08-04 8:36:00".replace(" 8", " 08"), "OffSetValue": "0"}
    asked = {"ShortCode": tenant.shortcode, "EndDate": "2099-01-01 00:00:00", **period}
    assert tenant.post("/pulltransactions/v1/query", **asked).json()["ResponseCode"] == "1001"
    body = {"shortcode": tenant.shortcode, "phone": PAYER, "amount": 233}
    receipt = tenant.control("paybill", account_reference="rent", **body)["receipt"]
    for method in ("GET", "POST"):
        answer = tenant.http.request(
            method,
            "/pulltransactions/v1/query",
            json=asked,
            headers={"Authorization": f"Bearer {tenant.token}"},
        ).json()
        assert answer["ResponseCode"] == "1000"
        [[entry]] = answer["Response"]
        assert (entry["transactionId"], entry["billreference"]) == (receipt, "rent")
        assert entry["amount"] == 233
