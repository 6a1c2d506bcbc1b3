"""The calendar, reversals and manual journals over HTTP."""

from __future__ import annotations

from typing import Any

import pytest

from apps.ledger.domain import credit, debit
from apps.ledger.services import post_entry, save_approval_rule
from apps.platform.actors import SYSTEM
from apps.platform.ids import public_id
from apps.tenancy.models import Tenant
from tests.ledger.conftest import draft, kes
from tests.ledger.test_ledger_api import SALE, Caller


@pytest.fixture
def caller(books: Tenant) -> Caller:
    return Caller(books, ["ledger:read", "ledger:write", "ledger:close"])


def problem(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


def test_a_year_is_opened_and_its_first_period_closed(caller: Caller) -> None:
    year = caller.post("fiscal-years", {"starts": "2026-01-01"}, "y")
    assert year.status_code == 201
    periods = caller.get("periods").json()["data"]
    assert [periods[-1]["name"], len(periods)] == ["2026-01", 12]
    first, second = periods[-1]["id"], periods[-2]["id"]
    soft = {"to_state": "soft_closed"}
    assert problem(caller.post(f"periods/{second}/close", soft, "c2")) == (
        409,
        "ledger/controls-failed",
    )
    checks = caller.get(f"periods/{second}/checklist").json()["data"]
    assert [one["control"] for one in checks if not one["passed"]] == ["earlier_periods"]
    closed = caller.post(f"periods/{first}/close", soft, "c1")
    assert (closed.status_code, closed.json()["state"]) == (200, "soft_closed")
    hard = caller.post(f"periods/{first}/close", {"to_state": "hard_closed"}, "c3")
    assert hard.status_code == 403
    refused = caller.post("entries", SALE | {"value_date": "2026-01-05", "late": "refuse"}, "e1")
    assert problem(refused) == (409, "ledger/period-soft-closed")
    sent_on = caller.post("entries", SALE | {"value_date": "2026-01-05", "late": "next_open"}, "e2")
    assert (sent_on.json()["value_date"], sent_on.json()["reason"]) == ("2026-02-01", "late")
    asked = caller.post(f"periods/{first}/reopen", {"reason": "An error"}, "r")
    assert (asked.status_code, asked.json()["state"]) == (201, "requested")
    requests = caller.get(f"periods/{first}/requests").json()["data"]
    assert [one["id"] for one in requests] == [asked.json()["id"]]
    assert caller.get(f"periods/{first}/balances").json()["data"] == []
    carried = caller.post(f"fiscal-years/{year.json()['id']}/carry", {}, "y2")
    assert problem(carried) == (409, "ledger/year-not-ready")
    reader = Caller(caller.tenant, ["ledger:read", "ledger:write"])
    assert reader.post(f"periods/{first}/close", soft, "no").status_code == 403


def test_an_entry_is_reversed_in_part(caller: Caller) -> None:
    made = draft(debit("9100", kes(9)), credit("9900", kes(9)))
    entry = post_entry(draft=made, idempotency_key="k", actor=SYSTEM).entry_id
    path = f"entries/{public_id('je', entry)}/reverse"
    part = {"reason": "Half", "reason_code": "duplicate", "share_ppm": 500_000}
    answer = caller.post(path, part, "p1").json()
    assert (answer["reason"], answer["postings"][0]["amount"]["amount"]) == ("duplicate", 4)
    legs = [{"leg": 1, "amount_minor": 5}, {"leg": 2, "amount_minor": 5}]
    assert caller.post(path, part | {"legs": legs}, "p2").status_code in (400, 422)
    assert caller.post(path, {"reason": "Rest", "legs": legs}, "p3").status_code == 201
    shown = caller.get(f"entries/{public_id('je', entry)}").json()
    assert (shown["reversed_by"], len(shown["reversals"])) == (shown["reversals"][-1], 2)
    assert problem(caller.post(path, {"reason": "Again"}, "p4")) == (409, "ledger/already-reversed")
    reasons = [one["code"] for one in caller.get("reversal-reasons").json()["data"]]
    assert "duplicate" in reasons


def test_a_manual_journal_is_drafted_and_submitted(caller: Caller) -> None:
    save_approval_rule(name="All", approvals=1, actor=SYSTEM)
    assert problem(caller.post("entries", SALE, "e")) == (403, "ledger/approval-required")
    answer = caller.post("journals", SALE | {"kind": "manual.accrual"}, "j")
    assert (answer.status_code, answer.json()["state"]) == (201, "draft")
    path = f"journals/{answer.json()['id']}"
    changed = caller.post(f"{path}/change", SALE | {"description": "Other"}, "j2")
    assert changed.json()["description"] == "Other"
    sealed = caller.post(f"{path}/submit", {}, "j3").json()
    assert (sealed["state"], sealed["approvals_needed"]) == ("submitted", 1)
    assert problem(caller.post(f"{path}/post", {}, "j4")) == (409, "ledger/journal-cannot-move")
    assert caller.get(path).json() == sealed
    assert caller.get("journals").json()["data"] == [sealed]
    assert caller.get("approval-rules").json()["data"][0]["name"] == "All"
