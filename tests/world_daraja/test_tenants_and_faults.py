"""Two organisations side by side, answers spoiled on demand, and the clock."""

from __future__ import annotations

import functools
import json

import httpx
import pytest

from tests.world_daraja.client import Receiver, Tenant
from tests.world_daraja.conftest import NewTenant
from tests.worlds.launch import Simulator

PUSH = "/mpesa/stkpush/v1/processrequest"


def test_two_organisations_never_mix(new_tenant: NewTenant, receiver: Receiver) -> None:
    one, two = new_tenant(), new_tenant()
    one.pay_out("same-reference", "254705912600", "/one")
    two.pay_out("same-reference", "254705912600", "/two")
    receipts = [receiver.wait(path)[0]["Result"]["TransactionID"] for path in ("/one", "/two")]
    assert receipts[0] != receipts[1]
    assert [row["receipt"] for row in one.transactions("payout")] == receipts[:1]
    assert [row["receipt"] for row in two.transactions("payout")] == receipts[1:]
    assert one.total_minor() == two.total_minor() == 1_000_000_00 - 2_000_00 - 9_00
    assert {row["shortcode"] for row in one.read("callbacks")["callbacks"]} == {one.shortcode}


def test_an_organisation_has_an_application_of_its_own_by_default(daraja: Simulator) -> None:
    post = functools.partial(httpx.post, f"{daraja.url}/_control/accounts")
    one, two = (post(json={"shortcode": code}).json() for code in ("777001", "777002"))
    assert one["consumer_key"] != two["consumer_key"]
    stolen = post(json={"shortcode": "777003", "consumer_key": one["consumer_key"]})
    assert stolen.status_code == 422


def test_registering_again_changes_what_is_said_and_deposits_nothing(tenant: Tenant) -> None:
    again = {"shortcode": tenant.shortcode, "opening_balances_minor": {"utility": 5}}
    changed = tenant.control("accounts", **again, pay_in_bps=0)
    assert (changed["consumer_key"], changed["pay_in_bps"]) == (tenant.key, 0)
    assert tenant.total_minor() == 1_000_000_00


def test_another_organisation_s_shortcode_is_refused(new_tenant: NewTenant) -> None:
    one, two = new_tenant(), new_tenant()
    pushed = one.push("254708374101", BusinessShortCode=two.shortcode, Password=two.password())
    assert pushed.json()["errorMessage"] == "Merchant does not exist"
    paid = one.pay_out("theft", "254705912600", PartyA=two.shortcode)
    assert paid.json()["errorMessage"] == "Bad Request - Invalid PartyA"
    path = f"/portal/{two.shortcode}/statement.csv"
    assert one.http.get(path, auth=(one.key, one.secret)).status_code == 401
    assert two.transactions() == two.transactions("deposit")


def test_another_organisation_s_payments_are_not_found(
    new_tenant: NewTenant, receiver: Receiver
) -> None:
    one, two = new_tenant(), new_tenant()
    checkout = one.push("254708374101").json()["CheckoutRequestID"]
    receiver.wait("/cb")
    assert two.query(checkout).json()["errorMessage"] == "Bad Request - Invalid CheckoutRequestID"
    receipt = one.transactions("pay_in")[0]["receipt"]
    assert two.status("/s", TransactionID=receipt)["ResultCode"] == "R000002"


@pytest.mark.parametrize(
    ("kind", "status", "code"),
    [
        ("spike", 500, "500.003.02"),
        ("quota", 500, "500.003.03"),
        ("system", 500, "500.002.1001"),
        ("too_many", 429, None),
        ("unavailable", 503, None),
        ("html", 200, None),
        ("empty", 200, None),
        ("malformed", 200, None),
        ("wrong_type", 200, None),
    ],
)
def test_an_answer_spoiled_before_leaves_nothing_done(
    tenant: Tenant, kind: str, status: int, code: str | None
) -> None:
    tenant.control("faults", path=PUSH, kind=kind)
    answer = tenant.push("254708374101")
    assert answer.status_code == status
    if code:
        assert answer.json()["errorCode"] == code
    elif kind != "too_many":
        with pytest.raises(json.JSONDecodeError):
            answer.json()
    assert tenant.transactions("pay_in") == []
    assert tenant.push("254708374101").json()["ResponseCode"] == "0"


def test_an_answer_spoiled_after_leaves_the_work_done(tenant: Tenant, receiver: Receiver) -> None:
    tenant.control("faults", path=PUSH, kind="lost_ack")
    tenant.control("faults", path=PUSH, kind="garbled_ack")
    with pytest.raises(httpx.RemoteProtocolError):
        tenant.push("254708374101")
    assert tenant.push("254708374101").status_code == 502
    receiver.wait("/cb", 2)
    assert len(tenant.transactions("pay_in")) == 2


def test_faults_can_be_taken_back(tenant: Tenant) -> None:
    tenant.control("faults", kind="drop", count=50)
    assert tenant.control("faults", clear=True) == {"waiting": []}
    assert tenant.push("254708374101").status_code == 200


def test_moving_the_clock_brings_on_what_is_due(tenant: Tenant, receiver: Receiver) -> None:
    tenant.control("settings", callback_delay_ms=3_000_000)
    tenant.push("254708374101")
    tenant.control("settings", callback_delay_ms=30)
    token = tenant.token
    try:
        tenant.control("clock", offset_seconds=3_500)
        receiver.wait("/cb")
        assert tenant.query("x").json()["errorCode"] == "400.002.02"
        tenant.control("clock", offset_seconds=3_700)
        assert tenant.query("x").json()["errorCode"] == "404.001.03"
    finally:
        tenant.control("clock", offset_seconds=0)
    assert token == tenant.token


def test_a_control_mistake_is_explained(tenant: Tenant) -> None:
    for path, body in (
        ("faults", {"kind": "nonsense"}),
        ("settings", {"nonsense": 1}),
        ("pay-again", {"receipt": "nonsense"}),
        ("paybill", {"shortcode": "1"}),
    ):
        answer = tenant.http.post(f"/_control/{path}", json=body)
        assert answer.status_code == 422
        assert answer.json()["error"]
