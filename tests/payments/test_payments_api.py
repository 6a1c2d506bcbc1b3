"""Payments over HTTP, by a real credential."""

from __future__ import annotations

from typing import Any

import pytest

from apps.payments.models import Attempt, PaymentIntent
from apps.tenancy.models import Tenant
from tests.payments.books import Caller, open_accounts

pytestmark = pytest.mark.django_db


def kes(minor: int) -> dict[str, object]:
    return {"amount": minor, "currency": "KES"}


def asked(**changes: object) -> dict[str, Any]:
    return {
        "reference": "ORD-1",
        "amount": kes(1_500_00),
        "payer_phone": "0708 374 149",
        "allocation": [
            {"account": "4000", "amount": kes(150_00)},
            {"account": "2100.rst-1", "amount": kes(1_350_00)},
        ],
        "description": "Order 1",
        **changes,
    }


@pytest.fixture
def caller(mara: Tenant) -> Caller:
    open_accounts()
    return Caller(mara, "payments:read", "payments:write")


def test_an_intent_is_made_once_per_key_and_shows_no_number(caller: Caller) -> None:
    first = caller.post("intents", asked(), "k1")
    assert first.status_code == 201, first.content
    intent = first.json()
    assert intent["id"].startswith("pi_")
    assert intent["amount"] == {"amount": 150000, "currency": "KES", "amount_decimal": "1500.00"}
    assert (intent["status"], intent["payer"]) == ("requires_method", "2547*****149")
    again = caller.post("intents", asked(), "k1")
    assert (again.json(), again["Idempotent-Replayed"]) == (intent, "true")
    other = caller.post("intents", asked(description="Other"), "k1")
    assert other.json()["type"] == "/v1/docs/problems#platform/idempotency-key-reused"
    assert PaymentIntent.objects.count() == 1


def test_a_reference_names_one_payment(caller: Caller) -> None:
    caller.post("intents", asked(), "k1")
    taken = caller.post("intents", asked(amount=kes(150_00), allocation=[
        {"account": "4000", "amount": kes(150_00)}
    ]), "k2")  # fmt: skip
    assert taken.status_code == 409
    assert taken.json()["type"] == "/v1/docs/problems#payments/reference-taken"
    assert PaymentIntent.objects.count() == 1


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"payer_phone": "0208 374 149"}, "payments/invalid-phone"),
        ({"amount": kes(1_499_00)}, "payments/allocation-mismatch"),
    ],
)
def test_what_makes_no_sense_is_refused_and_leaves_nothing(
    caller: Caller, changes: dict[str, object], code: str
) -> None:
    answer = caller.post("intents", asked(**changes), "k1")
    assert answer.status_code == 422
    assert answer.json()["type"] == f"/v1/docs/problems#{code}"
    assert PaymentIntent.objects.count() == 0


def test_collecting_queues_one_attempt_and_sends_nothing_itself(caller: Caller) -> None:
    intent = caller.post("intents", asked(), "k1").json()["id"]
    answer = caller.post(f"intents/{intent}/collect", {}, "k2")
    assert answer.status_code == 202, answer.content
    (attempt,) = answer.json()["attempts"]
    assert (attempt["state"], attempt["provider_account"]) == ("queued", "mpesa-collections")
    assert caller.post(f"intents/{intent}/collect", {}, "k2").json() == answer.json()
    assert Attempt.objects.count() == 1
    events = caller.get(f"intents/{intent}/events").json()["data"]
    assert [(event["kind"], event["learnt_from"]) for event in events] == [("requested", "system")]
    assert caller.get(f"intents/{intent}").json()["status"] == "processing"


def test_the_list_is_filtered_and_paged(caller: Caller) -> None:
    for number in range(3):
        caller.post("intents", asked(reference=f"ORD-{number}"), f"k{number}")
    page = caller.get("intents", limit="2").json()
    assert [row["reference"] for row in page["data"]] == ["ORD-2", "ORD-1"]
    assert page["next"]
    one = caller.get("intents", reference="ORD-1").json()["data"]
    assert [row["reference"] for row in one] == ["ORD-1"]
    assert caller.get("intents", status="succeeded").json()["data"] == []


def test_scopes_decide(mara: Tenant) -> None:
    open_accounts()
    reader = Caller(mara, "payments:read")
    assert reader.post("intents", asked(), "k1").status_code == 403
    assert reader.get("intents").status_code == 200
    stranger = Caller(mara, "ledger:read")
    assert stranger.get("intents").status_code == 403


@pytest.mark.parametrize("path", ["intents/pi_x", "intents/pi_01h455vb4pex5vsknk084sn02q"])
def test_what_is_not_there_is_not_found(caller: Caller, path: str) -> None:
    assert caller.get(path).status_code == 404


def test_a_provider_is_stopped_and_resumed(caller: Caller) -> None:
    stop = {"operation": "purchase", "reason": "Works announced"}
    said = caller.post("providers/mpesa-collections/stop", stop, "k1").json()
    assert said["stop"]["reason"] == "Works announced"
    said = caller.post("providers/mpesa-collections/resume", {"operation": "purchase"}, "k2")
    assert said.json()["stop"] is None
    twice = caller.post("providers/mpesa-collections/resume", {"operation": "purchase"}, "k3")
    assert twice.json()["type"] == "/v1/docs/problems#payments/not-stopped"
    assert {row["account"] for row in caller.get("providers").json()} == {
        "mpesa-collections", "mpesa-payouts",
    }  # fmt: skip
