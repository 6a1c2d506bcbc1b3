"""Recurring entries over HTTP and in the console."""

from __future__ import annotations

from datetime import date

from apps.ledger.models import JournalEntry, RecurringEntry
from apps.ledger.services import post_due_recurring
from apps.platform.actors import SYSTEM
from apps.platform.ids import public_id
from apps.tenancy.models import Tenant
from tests.ledger.test_ledger_api import Caller
from tests.ledger.test_recurring import on
from tests.ledger.test_templates_console import Person, missing

RENT = {
    "description": "Rent",
    "rhythm": {"frequency": "monthly", "starts": "2026-01-31", "ends": "2026-03-01"},
    "postings": [
        {"account": "9100", "side": "debit", "amount": {"amount": 700, "currency": "KES"}},
        {"account": "9900", "side": "credit", "amount": {"amount": 700, "currency": "KES"}},
    ],
}
TYPED = {
    "description": "Rent of the till",
    "frequency": "monthly",
    "every": "1",
    "at_month_end": "on",
    "starts": "2026-01-10",
    "account": ["9100", "9900"],
    "debit": ["12.50", ""],
    "credit": ["", "12.50"],
    "clearing_key": ["", ""],
}


def test_over_http(books: Tenant) -> None:
    caller = Caller(books, ["ledger:read", "ledger:write"])
    made = caller.post("recurring", RENT, "r1")
    assert (made.status_code, made.json()["state"]) == (201, "draft")
    assert made.json()["next_days"] == ["2026-01-31", "2026-02-28"]
    assert caller.post("recurring", RENT, "r1").json()["id"] == made.json()["id"]
    page = f"recurring/{made.json()['id']}"
    refused = caller.post(f"{page}/resume", None, "r2")
    assert (refused.status_code, refused.json()["code"]) == (409, "ledger/recurring-cannot-move")
    wrong = caller.post("recurring", RENT | {"rhythm": {"frequency": "hourly"}}, "r3")
    assert wrong.status_code == 422
    ended = caller.post(f"{page}/end", {"reason": "Not ours"}, "r4")
    assert (ended.json()["state"], ended.json()["reason"]) == ("ended", "Not ours")
    assert caller.get(page).json()["occurrences"] == []
    assert len(caller.get("recurring").json()["data"]) == 1
    forged = {k: v for k, v in RENT.items() if k != "rhythm"}
    forged |= {"kind": "recurring", "value_date": "2026-01-31"}
    assert caller.post("entries", forged, "r5").json()["code"] == "ledger/reserved-kind"


def test_in_the_console(books: Tenant) -> None:
    maker = Person("wanjiru", "treasurer", books)
    assert missing(maker.get("recurring/new"), "On the month", "Keep it for approval") == []
    status, text = maker.post("recurring/new", **TYPED | {"credit": ["", "12.40"]})
    assert (status, "more than the other side" in text) == (422, True)
    assert maker.post("recurring/new", **TYPED)[0] == 302
    reference = public_id("rec", RecurringEntry.objects.get().id)
    page = f"recurring/{reference}"
    assert missing(maker.get(page), "Nothing is posted yet", "You wrote this", "12.50") == []
    assert "Rent of the till" in maker.get("recurringentry/")

    second = Person("otieno", "approver", books)
    assert "Rent of the till" in second.get("approvals/")
    digest = RecurringEntry.objects.get().digest
    assert second.post(page, action="approve", digest="0" * 64)[0] == 409
    assert second.post(page, action="approve", digest=digest)[0] == 302
    with on(date(2026, 2, 1)):
        assert post_due_recurring(actor=SYSTEM) == 1
    entry = public_id("je", JournalEntry.objects.get().id)
    assert entry in maker.get(f"{page}?tab=related")
    assert missing(maker.get(f"entries/{entry}"), reference, "otieno") == []
    for action, state in [("pause", "paused"), ("resume", "active"), ("end", "ended")]:
        assert maker.post(page, action=action, text="Moving house")[0] == 302
        assert RecurringEntry.objects.get().state == state
