"""Holds, balances and statements over HTTP and in the console."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
from django.db import connection

from apps.ledger.domain import HoldDraft, HoldReason, credit, debit
from apps.ledger.selectors import account_balance, hold
from apps.ledger.services import place_hold, post_entry
from apps.platform.actors import Actor
from apps.platform.ids import public_id
from apps.tenancy.models import Tenant
from tests.identity.people import enrolled, make_person, signed_in
from tests.ledger.conftest import draft, image, kes
from tests.ledger.test_ledger_api import Caller

HELD: dict[str, Any] = {
    "reason": "payout",
    "description": "Order A-1",
    "debit_account": "9500.one",
    "credit_account": "9500.two",
    "amount": {"amount": 700, "currency": "KES"},
    "lifetime_seconds": 3600,
}


@pytest.fixture
def caller(books: Tenant, amina: Actor) -> Caller:
    made = draft(debit("9100", kes(1000)), credit("9500.one", kes(1000)))
    post_entry(draft=made, idempotency_key="funds", actor=amina)
    return Caller(books, ["ledger:read", "ledger:write"])


def minors(body: Any, *names: str) -> list[int]:
    return [body[name]["amount"] for name in names]


def test_a_hold_over_http_from_placing_to_release(caller: Caller) -> None:
    placed = caller.post("holds", HELD)
    assert placed.status_code == 201
    body = placed.json()
    assert (body["status"], body["open"][0]["amount"]) == ("open", 700)
    assert caller.post("holds", HELD).json() == body
    page = f"holds/{body['id']}"
    captured = caller.post(
        f"{page}/capture", {"amount": {"amount": 200, "currency": "KES"}}, key="c"
    )
    assert captured.status_code == 201
    entry = captured.json()["movements"][1]["entry_id"]
    assert caller.get(f"entries/{entry}").json()["kind"] == "hold.capture"
    over = caller.post(f"{page}/capture", {"amount": {"amount": 501, "currency": "KES"}}, key="c2")
    assert (over.status_code, over.json()["facts"]["left_minor"]) == (409, 500)
    assert over.json()["code"] == "ledger/capture-exceeds-hold"
    part = {"legs": [{"leg": 1, "amount": {"amount": 9, "currency": "KES"}}], "reason": "x"}
    assert caller.post(f"{page}/release", part, key="r").status_code == 422
    balances = caller.get("accounts/9500.one/balances").json()
    assert minors(balances, "posted", "pending_in", "pending_out", "available") == [
        800, 0, 500, 300,
    ]  # fmt: skip
    done = caller.post(f"{page}/release", {"reason": "Cancelled"}, key="r")
    assert done.json()["status"] == "released"
    assert caller.get(page).json() == done.json()
    closed = caller.post(f"{page}/capture", {}, key="c3")
    assert (closed.status_code, closed.json()["facts"]["hold_status"]) == (409, "released")
    assert [row["id"] for row in caller.get("holds", account="9500.two").json()["data"]] == [
        body["id"]
    ]
    assert caller.get("holds", status="open").json()["data"] == []
    assert caller.get("accounts/9500.one").json()["available"]["amount"] == 800


def test_what_is_not_a_hold_is_refused(caller: Caller) -> None:
    before = image()
    both = HELD | {"postings": [{"account": "9100", "side": "debit", "amount": HELD["amount"]}]}
    for body in (both, HELD | {"reason": "mood"}, HELD | {"lifetime_seconds": 0}):
        assert caller.post("holds", body).status_code == 422
    assert caller.get("holds/hld_nothing").status_code == 404
    assert caller.get(f"holds/{public_id('hld', UUID(int=1))}").status_code == 404
    assert image() == before


def test_an_entry_for_as_much_as_there_is(caller: Caller) -> None:
    amount = {"amount": 5000, "currency": "KES"}
    body = {
        "description": "Sweep",
        "kind": "test.sweep",
        "value_date": "2026-03-02",
        "postings": [
            {"account": "9500.one", "side": "debit", "amount": amount},
            {"account": "9500.two", "side": "credit", "amount": amount},
        ],
    }
    swept = caller.post("entries/up-to-available", body)
    assert swept.status_code == 201
    assert minors(swept.json()["legs"][0], "asked", "captured", "open") == [5000, 1000, 0]
    again = caller.post("entries/up-to-available", body, key="k2")
    assert (again.status_code, again.json()["facts"]["account"]) == (409, "9500.one")


def test_balances_and_statements_by_both_clocks(caller: Caller) -> None:
    path = "accounts/9500.one/balances"
    assert minors(caller.get(path, effective_at="2026-03-01").json(), "posted") == [0]
    assert minors(caller.get(path, effective_at="2026-03-02").json(), "posted") == [1000]
    believed = caller.get(path, effective_at="2026-03-02", recorded_as_of="2026-03-01T00:00:00Z")
    assert (minors(believed.json(), "posted"), believed.json()["available"]) == ([0], None)
    assert caller.get(path, effective_at="2026-03-02T00:00:00").status_code == 422
    path = "accounts/9500.one/statement"
    told = caller.get(path, from_date="2026-03-01", to_date="2026-03-31", limit=1).json()
    assert minors(told, "opening", "debits", "credits", "closing") == [0, 0, 1000, 1000]
    assert (len(told["lines"]), told["next_cursor"]) == (1, None)
    wrong = caller.get(path, from_date="2026-03-02", to_date="2026-03-01")
    assert wrong.status_code == 422
    lost = caller.get(path, from_date="2026-03-01", to_date="2026-03-31", cursor="x")
    assert lost.json()["code"] == "platform/unknown-cursor"


def test_holds_are_seen_and_released_in_the_console(caller: Caller, amina: Actor) -> None:
    made = HoldDraft(
        reason=HoldReason.DISPUTE,
        description="Chargeback 7",
        postings=[debit("9500.one", kes(400)), credit("9500.two", kes(400))],
    )
    id = place_hold(draft=made, idempotency_key="h", actor=amina).hold_id
    page = f"/console/ledger/holds/{public_id('hld', id)}"
    viewer = signed_in(make_person("wanjiru", "viewer"))
    for address, words in (
        ("/console/ledger/hold/", ["Chargeback 7", "Dispute", "4.00"]),
        ("/console/ledger/hold/?status__exact=released", ["Nothing matches these filters"]),
        (page, ["Chargeback 7", "9500.two", "Still open"]),
        ("/console/ledger/accounts/9500.one", ["Available", "Chargeback 7", "6.00"]),
    ):
        text = viewer.get(address).content.decode()
        assert [word for word in words if word not in text] == [], address
    assert viewer.post(page, {"action": "release", "text": "Mine"}).status_code == 409
    person = make_person("otieno", "treasurer")
    treasurer = signed_in(person, secret=enrolled(person))
    assert treasurer.post(page, {"action": "release", "text": ""}).status_code == 422
    assert treasurer.post(page, {"action": "release", "text": "Won"}).status_code == 302
    assert treasurer.post(page, {"action": "release", "text": "Won"}).status_code == 409
    connection.set_tenant(caller.tenant)  # type: ignore[attr-defined]
    assert hold(id).movements[1].reason == "Won"
    assert account_balance("9500.one").available == kes(1000)
