"""The chart and the reports over HTTP, by a real credential."""

from __future__ import annotations

from typing import Any

import pytest

from apps.ledger.domain import credit, debit
from apps.ledger.selectors import account_balance
from apps.ledger.services import post_entry
from apps.platform.actors import Actor
from apps.platform.jobs import run_due_jobs
from apps.platform.models import Job
from apps.platform.storage import TenantStorage
from apps.tenancy.models import Tenant
from tests.ledger.conftest import draft, image, kes
from tests.ledger.test_ledger_api import Caller


@pytest.fixture
def caller(books: Tenant, amina: Actor) -> Caller:
    made = draft(debit("9100", kes(500)), credit("9500.one", kes(500)))
    post_entry(draft=made, idempotency_key="k", actor=amina)
    return Caller(books, ["ledger:read", "ledger:write"])


def test_units_dimensions_and_categories_are_declared_and_counted(caller: Caller) -> None:
    unit = {"code": "PTS", "name": "Points", "exponent": 0}
    assert caller.post("units", unit, "u").status_code == 200
    assert caller.get("units").json() == [unit]
    points = {"code": "9800", "name": "Points", "account_class": "liability", "currency": "PTS"}
    assert caller.post("accounts", points, "a").json()["balance"]["currency"] == "PTS"
    assert (
        caller.post("accounts", points | {"code": "9801", "currency": "XXZ"}, "b")
        .json()["type"]
        .endswith("ledger/unknown-unit")
    )
    dimension = {"code": "branch", "name": "Branch", "allowed": ["a"]}
    assert caller.post("dimensions", dimension, "d").json()["is_required"] is False
    group = {"code": "owed", "name": "Owed", "accounts": ["9500", "9500.one", "9800"]}
    together = caller.post("categories", group, "c").json()["balances"]
    assert [(one["currency"], one["amount"]) for one in together] == [("KES", 500), ("PTS", 0)]
    assert caller.get("categories/nothing").status_code == 404
    tree = {row["account"]: row for row in caller.get("chart/tree", search="9500").json()}
    assert tree["9500"]["balances"][0]["amount"] == 500
    assert tree["9500.two"]["depth"] == 1


def test_an_account_is_changed_with_a_reason_and_explained(caller: Caller) -> None:
    limits = {"floor_minor": -100, "ceiling_minor": 900, "reason": "Agreed"}
    assert caller.post("accounts/9500.one/limits", limits, "l").json()["floor"]["amount"] == -100
    broken = caller.post("accounts/9500.one/limits", limits | {"ceiling_minor": 1}, "m")
    assert (broken.status_code, broken.json()["facts"]["limit"]) == (409, "ceiling")
    frozen = {"status": "frozen_debit", "reason": "Asked for"}
    assert caller.post("accounts/9500.one/status", frozen, "s").json()["status"] == "frozen_debit"
    moved = caller.post("accounts/9500.one/describe", {"name": "Mama Njeri", "parent": ""}, "d")
    assert (moved.json()["name"], moved.json()["parent"]) == ("Mama Njeri", "")
    told = caller.get("accounts/9500.one/explain", starts="2026-03-01", ends="2026-03-31").json()
    assert told["adds_up"] is True
    assert [(part["kind"], part["change"]["amount"]) for part in told["parts"]] == [
        ("test.sale", 500)
    ]


def test_a_chart_is_tried_applied_and_exported(caller: Caller) -> None:
    assert len(caller.get("chart/templates").json()) == 4
    content = caller.get("chart").json()
    before = image()
    verdicts = caller.post("chart/preview", {"chart": content}).json()
    assert {one["decision"] for one in verdicts} == {"same"}
    text = "code,name,account_class,parent\n9510,Tips,liability,9500\n9511,Bad,income,9500\n"
    assert [one["decision"] for one in caller.post("chart/preview", {"csv": text}).json()] == [
        "open",
        "refuse",
    ]
    refused = caller.post("chart/apply", {"csv": text, "reason": "New"}, "a")
    assert (refused.status_code, refused.json()["facts"]["first_row"]) == (409, 2)
    assert image() == before
    applied = caller.post("chart/apply", {"csv": text.rpartition("9511")[0], "reason": "New"}, "b")
    assert applied.json() == {"open": 1, "change": 0, "same": 0}
    assert account_balance("9510").parent == "9500"


@pytest.mark.parametrize(
    ("name", "query"),
    [
        ("trial-balance", {"starts": "2026-03-01", "ends": "2026-03-31"}),
        ("balance-sheet", {"ends": "2026-03-31", "compare_ends": "2026-02-01"}),
        ("income-statement", {"without_closings": "true"}),
        ("general-ledger", {"account": "9500"}),
        ("account-statement", {"account": "9100", "ends": "2026-03-31"}),
    ],
)
def test_each_report_is_answered_and_downloaded(
    caller: Caller, name: str, query: dict[str, Any]
) -> None:
    answer = caller.get(f"reports/{name}", **query)
    assert answer.status_code == 200
    document = answer.json()
    assert document["report"] == name
    assert all(check["holds"] for check in document["checks"])
    file = caller.get(f"reports/{name}/file", type="csv", **query)
    lines = sum(len(section["lines"]) for section in document["sections"])
    assert len(file.content.decode().splitlines()) == lines + 1
    started = caller.post(f"reports/{name}/jobs", {"type": "xlsx", **query}, f"job-{name}")
    assert started.status_code == 202
    assert run_due_jobs() == 1
    job = Job.objects.latest("created_at")
    assert (job.state, job.error) == ("done", "")
    with TenantStorage().open(job.result_file) as kept:
        assert kept.read(2) == b"PK"


def test_who_may_only_read_changes_nothing(books: Tenant) -> None:
    reader = Caller(books, ["ledger:read"])
    before = image()
    for path in ("units", "dimensions", "categories", "chart/apply", "accounts/9100/limits"):
        assert reader.post(path, {}).status_code == 403
    assert reader.get("reports/nothing").status_code == 404
    assert image() == before
