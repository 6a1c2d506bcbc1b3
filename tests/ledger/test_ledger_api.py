"""The ledger over HTTP, by a real credential."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test import Client

from apps.identity.services import create_service_client, issue_api_key
from apps.ledger.domain import credit, debit
from apps.ledger.selectors import account_balance, books_violations
from apps.ledger.services import post_entry
from apps.platform.actors import SYSTEM
from apps.platform.ids import new_id, public_id
from apps.tenancy.contexts import inside
from apps.tenancy.models import Tenant
from tests.ledger.conftest import draft, image, kes

SALE: dict[str, Any] = {
    "description": "Order A-1",
    "value_date": "2026-03-02",
    "postings": [
        {"account": "9100", "side": "debit", "amount": {"amount": 1000, "currency": "KES"}},
        {"account": "9900", "side": "credit", "amount": {"amount": 150, "currency": "KES"}},
        {"account": "9500.one", "side": "credit", "amount": {"amount": 850, "currency": "KES"}},
    ],
}


class Caller:
    """One service client at the door of one tenant."""

    def __init__(self, tenant: Tenant, scopes: list[str]) -> None:
        self.tenant = tenant
        receipt = create_service_client(name=f"till {new_id()}", scopes=scopes, actor=SYSTEM)
        self.key = issue_api_key(client=receipt.id, name="key", actor=SYSTEM).key
        self.client = Client(headers={"host": f"{tenant.slug}.localhost"})

    def get(self, path: str, **query: object) -> Any:
        return self._call("get", path, data=query)

    def post(self, path: str, body: object, key: str | None = "k1") -> Any:
        headers = {} if key is None else {"Idempotency-Key": key}
        return self._call("post", path, data=body, content_type="application/json", headers=headers)

    def _call(
        self, method: str, path: str, headers: dict[str, str] | None = None, **rest: Any
    ) -> Any:
        headers = {"Authorization": f"Bearer {self.key}"} | (headers or {})
        response = getattr(self.client, method)(f"/v1/ledger/{path}", headers=headers, **rest)
        connection.set_tenant(self.tenant)  # type: ignore[attr-defined]
        return response


@pytest.fixture
def caller(books: Tenant) -> Caller:
    return Caller(books, ["ledger:read", "ledger:write"])


def test_no_answer_is_kept_on_the_way(caller: Caller) -> None:
    for answer in (caller.get("accounts"), caller.get("accounts/none"), caller.post("entries", {})):
        assert answer["Cache-Control"] == "no-store", answer.content


def test_an_entry_is_posted_once_per_key(caller: Caller) -> None:
    first = caller.post("entries", SALE)
    assert first.status_code == 201
    entry = first.json()
    assert entry["id"].startswith("je_")
    assert [p["balance_after"]["amount"] for p in entry["postings"]] == [1000, 150, 850]
    assert entry["postings"][0]["amount"] == {
        "amount": 1000,
        "currency": "KES",
        "amount_decimal": "10.00",
    }
    again = caller.post("entries", SALE)
    assert (again.status_code, again.json()) == (201, entry)
    assert again["Idempotent-Replayed"] == "true"
    assert account_balance("9100").balance == kes(1000)
    assert caller.get(f"entries/{entry['id']}").json() == entry
    assert books_violations() == []


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"postings": SALE["postings"][:2]}, 422, "ledger/unbalanced-entry"),
        ({"postings": SALE["postings"][:1]}, 422, "ledger/too-few-postings"),
        ({"kind": "reversal"}, 422, "ledger/reserved-kind"),
        ({"postings": [{**SALE["postings"][0], "account": "none"}, *SALE["postings"][1:]]}, 422,
         "ledger/unknown-account"),
        ({"postings": [{**SALE["postings"][0], "side": "credit"}]
          + [{**p, "side": "debit"} for p in SALE["postings"][1:]]}, 409,
         "ledger/insufficient-funds"),
        ({"surprise": 1}, 422, "platform/invalid-fields"),
        ({"postings": [{**SALE["postings"][0], "amount": {"amount": 0, "currency": "KES"}}]}, 422,
         "platform/invalid-fields"),
    ],
)  # fmt: skip
def test_a_refusal_is_a_problem_and_nothing_moved(
    caller: Caller, change: dict[str, object], status: int, code: str
) -> None:
    before = image()
    answer = caller.post("entries", SALE | change)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer["Content-Type"] == "application/problem+json"
    assert image() == before
    # What the books refused for good uses up the key; what the request says by itself does not.
    by_the_books = code in ("ledger/unknown-account", "ledger/insufficient-funds")
    corrected = caller.post("entries", SALE)
    assert corrected.status_code == (422 if by_the_books else 201)
    assert caller.post("entries", SALE, key="k2").status_code == 201


def test_an_entry_is_reversed_over_http_once(caller: Caller) -> None:
    entry = caller.post("entries", SALE).json()
    reversal = caller.post(f"entries/{entry['id']}/reverse", {"reason": "Wrong"}, key="r1")
    assert reversal.status_code == 201
    assert reversal.json()["reverses"] == entry["id"]
    assert caller.get(f"entries/{entry['id']}").json()["reversed_by"] == reversal.json()["id"]
    second = caller.post(f"entries/{entry['id']}/reverse", {"reason": "Wrong"}, key="r2")
    assert (second.status_code, second.json()["code"]) == (409, "ledger/already-reversed")
    assert account_balance("9100").balance == kes(0)


def test_an_account_is_opened_and_read(caller: Caller) -> None:
    facts = {"code": "9100.new", "name": "New", "account_class": "asset", "currency": "KES"}
    made = caller.post("accounts", facts | {"floor_minor": 0})
    assert made.status_code == 201
    assert made.json() == caller.get("accounts/9100.new").json()
    assert made.json()["floor"]["amount"] == 0
    assert caller.get("accounts/nowhere").status_code == 404


def test_lists_are_paged(caller: Caller) -> None:
    codes: list[str] = []
    url: str | None = "accounts?limit=4"
    while url:
        page = caller.get(url).json()
        codes += [row["code"] for row in page["data"]]
        url = page["next"] and page["next"].split("/v1/ledger/")[1]
    assert len(codes) == len(set(codes))
    assert codes == sorted(codes)
    assert {"9100", "9500.one"} <= set(codes)

    for number in range(5):
        made = draft(debit("9100", kes(number + 1)), credit("9900", kes(number + 1)))
        post_entry(draft=made, idempotency_key=f"p{number}", actor=SYSTEM)
    page = caller.get("accounts/9100/postings", limit=3).json()
    rest = caller.get(page["next"].split("/v1/ledger/")[1]).json()
    versions = [row["account_version"] for row in page["data"] + rest["data"]]
    assert versions == [5, 4, 3, 2, 1]
    assert [row["balance_after"]["amount"] for row in rest["data"]] == [3, 1]
    assert len(caller.get("entries", kind="test.sale").json()["data"]) == 5
    assert caller.get("entries", source_event="none").json()["data"] == []


def test_the_trial_balance_is_balanced(caller: Caller) -> None:
    caller.post("entries", SALE)
    now = caller.get("trial-balance").json()
    assert now["is_balanced"]
    assert now["totals"] == [
        {"currency": "KES", "debits_minor": 1000, "credits_minor": 1000, "difference_minor": 0}
    ]
    assert caller.get("trial-balance", as_of="2026-03-01").json()["rows"] == []


def test_reading_is_not_writing(books: Tenant) -> None:
    reader = Caller(books, ["ledger:read"])
    assert reader.get("trial-balance").status_code == 200
    before = image()
    assert reader.post("entries", SALE).status_code == 403
    assert image() == before
    reader.key = "ch_test_none"
    assert reader.get("trial-balance").status_code == 401


def test_another_tenants_entry_is_not_there(caller: Caller, baobab: Tenant) -> None:
    with inside(baobab):
        stranger = Caller(baobab, ["ledger:read", "ledger:write"])
        assert stranger.get(f"entries/{public_id('je', new_id())}").status_code == 404
        assert stranger.get("accounts/9100").status_code == 404
