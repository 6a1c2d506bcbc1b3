"""Many entries in one request, dry runs and refusals, over HTTP and in the console."""

from __future__ import annotations

from typing import Any

from apps.ledger.models import JournalEntry, Refusal
from apps.ledger.selectors import account_balance
from apps.platform.ids import public_id
from apps.tenancy.models import Tenant
from tests.ledger.conftest import kes
from tests.ledger.test_ledger_api import Caller

HUNDRED = {"amount": 100, "currency": "KES"}


def entry(key: str, source: str, target: str, **facts: object) -> dict[str, Any]:
    legs = [
        {"account": target, "side": "debit", "amount": HUNDRED},
        {"account": source, "side": "credit", "amount": HUNDRED},
    ]
    return {
        "key": key,
        "description": f"Order {key}",
        "kind": "test.sale",
        "value_date": "2026-03-02",
        "postings": legs,
        **facts,
    }


def told(response: Any) -> list[tuple[str, str | None]]:
    return [
        (one["outcome"], one["problem"] and one["problem"]["code"])
        for one in response.json()["outcomes"]
    ]


def test_each_entry_of_a_request_has_its_own_outcome(books: Tenant) -> None:
    caller = Caller(books, ["ledger:read", "ledger:write"])
    mixed = [
        entry("a", "9900", "9110"),
        entry("b", "9110", "nowhere", group="pair"),
        entry("c", "9900", "9110", group="pair"),
        entry("d", "9110", "9500.one"),
    ]
    asked = {"mode": "linked", "entries": mixed}
    dry = caller.post("entries/dry-run", asked, key=None)
    assert (dry.status_code, JournalEntry.objects.count(), Refusal.objects.count()) == (200, 0, 0)
    assert {one["entry_id"] for one in dry.json()["outcomes"]} == {None}
    done = caller.post("entries/bulk", asked)
    assert done.status_code == 200
    assert told(done) == told(dry)
    assert told(done) == [
        ("posted", None),
        ("refused", "ledger/unknown-account"),
        ("refused", "ledger/linked-entry-refused"),
        ("refused", "ledger/insufficient-funds"),
    ]
    first, culprit, linked, _ = done.json()["outcomes"]
    assert first["balances"][0] == {
        "account": "9110",
        "balance": HUNDRED | {"amount_decimal": "1.00"},
    }
    assert [one["pointer"] for one in culprit["problem"]["errors"]] == ["/postings/0"]
    assert linked["problem"]["facts"] == {"idempotency_key": "b"}
    assert done.json()["posted"] == 1
    assert account_balance("9110").balance == kes(100)

    again = caller.post("entries/bulk", asked)
    assert (again.json(), again["Idempotent-Replayed"]) == (done.json(), "true")
    other = caller.post("entries/bulk", asked, key="k2")  # the keys of the entries are known, too
    assert [outcome for outcome, _ in told(other)] == ["replayed", "refused", "refused", "refused"]
    alone = {name: value for name, value in mixed[3].items() if name not in ("key", "group")}
    single = caller.post("entries", alone, key="d")
    assert (single.status_code, single.json()["code"]) == (409, "ledger/insufficient-funds")

    listed = caller.get("refusals").json()["data"]
    assert [row["code"] for row in listed] == [
        "ledger/insufficient-funds",
        "ledger/unknown-account",
    ]
    one = caller.get(f"refusals/{listed[0]['id']}")
    assert one.json() == listed[0]
    assert caller.get("refusals", code="ledger/unknown-account").json()["data"] == listed[1:]
    missing = caller.get(f"refusals/{public_id('rfs', books.id)}")
    assert (missing.status_code, missing.json()["code"]) == (404, "ledger/refusal-not-found")


def test_atomic_entries_are_answered_with_what_is_wrong_with_one(books: Tenant) -> None:
    caller = Caller(books, ["ledger:read", "ledger:write"])
    bad = {"mode": "atomic", "entries": [entry("a", "9900", "9110"), entry("b", "none", "9110")]}
    for is_replay in (False, True):
        refused = caller.post("entries/bulk", bad)
        assert (refused.status_code, refused.json()["code"]) == (422, "ledger/unknown-account")
        assert refused["Content-Type"] == "application/problem+json"
        assert refused.json()["errors"][0]["pointer"] == "/entries/1/postings/1"
        assert ("Idempotent-Replayed" in refused) is is_replay
    assert not JournalEntry.objects.exists()
    for entries, mode in (
        ([entry("a", "9900", "9110")] * 2, "atomic"),
        ([entry("a", "9900", "9110", group="g")], "independent"),
    ):
        response = caller.post("entries/bulk", {"mode": mode, "entries": entries}, key="k3")
        assert (response.status_code, response.json()["code"]) == (422, "platform/invalid-fields")


def test_a_single_refusal_for_good_uses_up_its_key(books: Tenant) -> None:
    caller = Caller(books, ["ledger:read", "ledger:write"])
    spend = entry("", "9110", "9900")
    del spend["key"]
    first = caller.post("entries", spend)
    assert (first.status_code, first["Content-Type"]) == (409, "application/problem+json")
    caller.post("entries", {**spend, "postings": entry("", "9900", "9110")["postings"]}, key="in")
    again = caller.post("entries", spend)
    assert (again.json(), again["Idempotent-Replayed"]) == (first.json(), "true")
    assert caller.post("entries", {**spend, "description": "x"}).status_code == 422
    assert caller.post("entries", spend, key="k2").status_code == 201

    # What the request says by itself needs no memory: corrected, it works under the same key.
    uneven = {**spend, "postings": [*spend["postings"], spend["postings"][0]]}
    assert caller.post("entries", uneven, key="k4").json()["code"] == "ledger/unbalanced-entry"
    caller.post("entries", {**spend, "postings": entry("", "9900", "9110")["postings"]}, key="k4")
    assert account_balance("9110").balance == kes(100)


def test_preconditions_and_clearing_keys_come_over_http(books: Tenant) -> None:
    caller = Caller(books, ["ledger:read", "ledger:write"])
    made = entry("", "9900", "9110", preconditions=[{"account": "9110", "version": 1}])
    del made["key"]
    made["postings"][0]["clearing_key"] = "INV-1"
    stale = caller.post("entries", made)
    assert (stale.status_code, stale.json()["code"]) == (409, "ledger/stale-version")
    made["preconditions"] = [{"account": "9110", "version": 0, "max_balance_minor": 0}]
    done = caller.post("entries", made, key="k2")
    assert (done.status_code, done.json()["postings"][0]["clearing_key"]) == (201, "INV-1")
