"""Open items and clearing keys over HTTP, and the reports of both as files."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection

from apps.ledger.domain.periods import PeriodState
from apps.ledger.selectors import books_violations
from apps.ledger.selectors.controls import Closing, checklist
from apps.ledger.selectors.readings import _CLEARING_AGE, _CLEARING_LATE, figures
from apps.tenancy.models import Tenant
from tests.ledger.conftest import VALUE_DATE
from tests.ledger.test_items import ACCOUNT, keep, post
from tests.ledger.test_ledger_api import SALE, Caller


@pytest.fixture
def caller(books: Tenant) -> Caller:
    return Caller(books, ["ledger:read", "ledger:write"])


def rule(caller: Caller, key: str = "r", **facts: object) -> Any:
    return caller.post(f"accounts/{ACCOUNT}/item-rule", {"reason": "Agreed", **facts}, key=key)


def test_items_are_listed_settled_and_opened_again(caller: Caller) -> None:
    assert rule(caller).status_code == 422
    assert rule(caller, "s", keeps_items=True, requires_key=True).status_code == 422
    assert rule(caller, "t", keeps_items=True).json()["keeps_items"] is True
    invoice, payment = post(100), post(-60)
    open_items = f"accounts/{ACCOUNT}/open-items"
    first = caller.get(open_items, limit=1).json()
    assert [row["item"] for row in first["data"]] == [str(invoice)]
    second = caller.client.get(
        first["next"], headers={"Authorization": f"Bearer {caller.key}"}
    ).json()
    connection.set_tenant(caller.tenant)  # type: ignore[attr-defined]
    assert ([row["item"] for row in second["data"]], second["next"]) == ([str(payment)], None)

    path = f"accounts/{ACCOUNT}/settlements"
    both = {"items": [{"item": str(invoice)}, {"item": str(payment)}], "reason": "Paid"}
    settled = caller.post(path, both, key="a")
    assert settled.status_code == 201
    body = settled.json()
    assert (body["amount"]["amount"], len(body["links"])) == (60, 1)
    assert caller.post(path, both, key="a").json() == body
    refusal = caller.post(path, both, key="b")
    assert (refusal.status_code, refusal.json()["code"]) == (409, "ledger/item-already-settled")
    assert caller.post(path, {"items": [{"item": "nothing/2"}] * 2}, key="c").status_code == 422
    assert [row["id"] for row in caller.get(path).json()["data"]] == [body["id"]]
    assert caller.get(open_items).json()["data"][0]["remaining"]["amount"] == 40
    assert caller.get(open_items, as_of="2026-03-01").json()["data"] == []

    undone = caller.post(f"item-settlements/{body['id']}/undo", {"reason": "Wrong"}, key="u")
    assert undone.json()["undone_at"] is not None
    assert caller.get(f"item-settlements/{body['id']}").json() == undone.json()
    assert len(caller.get(open_items).json()["data"]) == 2
    assert books_violations() == []


def test_keys_that_are_not_at_zero_are_told_everywhere(caller: Caller) -> None:
    rule(caller, clears_by_key=True, requires_key=True, clears_within_days=3)
    refusal = caller.post("entries", SALE, key="e")
    assert refusal.json()["code"] == "ledger/clearing-key-missing"
    assert refusal.json()["detail"] == "leg=1, account=9100"
    keyed = SALE | {"postings": [leg | {"clearing_key": "A-1"} for leg in SALE["postings"]]}
    assert caller.post("entries", keyed, key="f").status_code == 201
    (account,) = caller.get("clearing").json()
    assert (account["open_keys"], account["late_keys"]) == (1, 1)
    (key,) = caller.get("clearing/keys", account=ACCOUNT).json()["data"]
    assert (key["key"], key["balance"]["amount"], key["is_late"]) == ("A-1", 1000, True)
    (posting,) = caller.get("clearing/postings", account=ACCOUNT, key="A-1").json()
    assert posting["amount"]["amount"] == 1000

    slug = caller.tenant.slug
    assert figures(_CLEARING_LATE)[slug] == 1
    assert figures(_CLEARING_AGE)[slug] > 3 * 24 * 3600
    march = Closing("March", VALUE_DATE, VALUE_DATE.replace(day=31), PeriodState.SOFT_CLOSED, False)
    found = {one.control: one for one in checklist(march)}["keys_are_cleared"]
    assert (found.passed, found.blocks) == (False, False)


def test_both_reports_tie_out_and_are_files(caller: Caller) -> None:
    keep(clears_by_key=True, clears_within_days=2)
    post(100, key="A-1")
    post(-60, key="A-2")
    items = caller.get("reports/open-items", account=ACCOUNT).json()
    assert all(check["holds"] for check in items["checks"])
    last = items["sections"][0]["lines"][-1]["values"]
    assert (last["debit"]["amount"], last["credit"]["amount"]) == (100, 60)
    keys = caller.get("reports/clearing", ends="2026-03-06").json()
    first, second, total = keys["sections"][0]["lines"]
    assert first["values"]["age_4-7"]["amount"] == 100
    assert second["values"]["balance"]["amount"] == -60
    assert total["values"]["balance"]["amount"] == 40
    assert [check["holds"] for check in keys["checks"]] == [False]
    early = caller.get("reports/clearing", ends="2026-03-04").json()
    assert [check["holds"] for check in early["checks"]] == [True]
    for name in ("open-items", "clearing"):
        csv = caller.get(f"reports/{name}/file", type="csv")
        assert b"0.60" in csv.content
        assert caller.get(f"reports/{name}/file", type="xlsx").content[:2] == b"PK"
