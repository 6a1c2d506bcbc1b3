"""Posting templates over HTTP."""

from __future__ import annotations

import pytest

from apps.identity.people import actor_of
from apps.ledger.services import activate_template
from apps.platform import clock
from apps.tenancy.models import Tenant
from tests.identity.people import make_person
from tests.ledger.conftest import image
from tests.ledger.template_world import PARAMETERS, SALE, changed, money
from tests.ledger.test_ledger_api import Caller

ORDER = {"parameters": PARAMETERS}


@pytest.fixture
def caller(books: Tenant) -> Caller:
    return Caller(books, ["ledger:read", "ledger:write"])


@pytest.fixture
def sale(caller: Caller) -> Caller:
    """With the template in use."""
    caller.post("templates", SALE, "t1")
    person = actor_of(make_person("second", "approver"))
    activate_template(template="sale@1", step_up_at=clock.now(), actor=person)
    return caller


def test_a_template_is_kept_and_tried(caller: Caller) -> None:
    kept = caller.post("templates", SALE, "t1")
    assert (kept.status_code, kept.json()["reference"], kept.json()["state"]) == (
        201,
        "sale@1",
        "draft",
    )
    assert caller.post("templates", kept.json()["document"], "t2").json()["number"] == 1
    wrong = changed(lambda d: d["legs"].pop())
    answer = caller.post("templates", wrong, "t3")
    assert (answer.status_code, answer.json()["code"]) == (422, "ledger/template-unsound")
    (check,) = caller.post("templates/sale@1/check", None, "").json()
    assert (check["passed"], len(check["legs"])) == (True, 4)
    early = caller.post("templates/sale/entries", ORDER, "e0")
    assert (early.status_code, early.json()["code"]) == (409, "ledger/template-not-active")


def test_an_entry_is_posted_by_template(sale: Caller) -> None:
    before = image()
    seen = sale.post("templates/sale/preview", ORDER, "").json()
    assert (seen["description"], seen["value_date"]) == (
        "Sale A-7 of KES 10.01, 2.50 %",
        "2026-03-02",
    )
    assert seen["balances"]["9500.one"]["amount"] == 975
    assert image() == before
    made = sale.post("templates/sale/entries", ORDER, "e1")
    assert (made.status_code, made.json()["template"]) == (201, "sale@1")
    again = sale.post("templates/sale/entries", ORDER, "e1")
    assert (again.json()["id"], again["Idempotent-Replayed"]) == (made.json()["id"], "true")
    bad = sale.post(
        "templates/sale/entries", {"parameters": PARAMETERS | {"amount": money(-1)}}, "e2"
    )
    assert (bad.status_code, bad.json()["code"]) == (422, "ledger/template-parameters")
    listed = sale.get("entries?template=sale@1").json()["data"]
    assert [one["id"] for one in listed] == [made.json()["id"]]
    (found,) = sale.get("templates").json()["data"]
    assert (found["state"], found["activator"]) == ("active", "person:second")
    assert [one["passed"] for one in found["checks"]] == [True]
    gone = sale.post("templates/sale@1/retire", {"reason": "No longer sold"}, "r1")
    assert (gone.status_code, gone.json()["state"]) == (200, "retired")
    assert sale.get("templates/sale@2").status_code == 404
    reader = Caller(sale.tenant, ["ledger:read"])
    assert reader.get("templates/sale").json()["retired_reason"] == "No longer sold"
    assert reader.post("templates", SALE, "t4").status_code == 403
