"""Tokens, passwords, and the error answers of the gateway."""

from __future__ import annotations

import pytest

from tests.world_daraja.client import Tenant
from tests.worlds.daraja import access

TOKEN = "/oauth/v1/generate"
GRANT = {"grant_type": "client_credentials"}


def test_the_password_is_the_published_vector() -> None:
    passkey = "bfb279f9aa9bdbcf158e97dd71a467cd2e0c893059b10f78e6b72ada1ed2c919"
    assert access.password("174379", passkey, "20160216165627") == (
        "MTc0Mzc5YmZiMjc5ZjlhYTliZGJjZjE1OGU5N2RkNzFhNDY3Y2QyZTBjODkzMDU5YjEwZjc4ZTZiNzJhZGExZWQy"
        "YzkxOTIwMTYwMjE2MTY1NjI3"
    )


def test_a_token_lives_an_hour_and_says_so_as_text(tenant: Tenant) -> None:
    answer = tenant.http.get(TOKEN, params=GRANT, auth=(tenant.key, tenant.secret))
    assert answer.status_code == 200
    assert answer.json()["expires_in"] == "3599"


def test_a_new_token_ends_the_one_before(tenant: Tenant) -> None:
    old, new = tenant.token, tenant.new_token()
    assert old != new
    refused = tenant.query("ws_CO_none")
    assert (refused.status_code, refused.json()["errorCode"]) == (404, "404.001.03")
    tenant.token = new
    assert tenant.query("ws_CO_none").json()["errorMessage"].endswith("CheckoutRequestID")


@pytest.mark.parametrize(
    ("params", "secret", "code"),
    [
        ({"grant_type": "password"}, None, "400.008.02"),
        (GRANT, "wrong", "400.008.01"),
    ],
)
def test_bad_token_requests_are_refused(
    tenant: Tenant, params: dict[str, str], secret: str | None, code: str
) -> None:
    answer = tenant.http.get(TOKEN, params=params, auth=(tenant.key, secret or tenant.secret))
    assert (answer.status_code, answer.json()["errorCode"]) == (400, code)


def test_a_call_without_a_bearer_token_is_refused(tenant: Tenant) -> None:
    answer = tenant.http.post("/mpesa/stkpush/v1/processrequest", json={})
    assert answer.json()["errorCode"] == "404.001.04"
    assert answer.json().keys() == {"requestId", "errorCode", "errorMessage"}


def test_a_wrong_password_is_refused_and_nothing_is_booked(tenant: Tenant) -> None:
    before = tenant.transactions()
    answer = tenant.push("254708374101", Timestamp="20261122153046")
    assert (answer.status_code, answer.json()["errorCode"]) == (500, "500.001.1001")
    assert answer.json()["errorMessage"] == "Wrong credentials"
    assert tenant.transactions() == before


def test_unknown_paths_and_methods_answer_as_the_gateway_does(tenant: Tenant) -> None:
    assert tenant.http.get("/mpesa/none").json()["errorCode"] == "404.001.01"
    wrong = tenant.http.get("/mpesa/b2c/v3/paymentrequest")
    assert (wrong.status_code, wrong.json()["errorCode"]) == (405, "405.001")


def test_a_body_that_is_no_json_object_is_refused(tenant: Tenant) -> None:
    for body in (b"", b"[]", b"{"):
        answer = tenant.http.post(
            "/mpesa/stkpush/v1/processrequest",
            content=body,
            headers={"Authorization": f"Bearer {tenant.token}"},
        )
        assert (answer.status_code, answer.json()["errorCode"]) == (400, "400.002.05")
