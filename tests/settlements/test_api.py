"""Settlements over HTTP, by a real credential."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client

from apps.identity.services import create_service_client, issue_api_key
from apps.platform.actors import SYSTEM
from apps.platform.ids import new_id, public_id
from apps.settlements.models import Batch, Break, Statement
from apps.tenancy.models import Tenant
from tests.settlements.world import COLLECTIONS, PAYOUTS, Line, image, import_csv, portal_csv

DRAFT = {"provider_account": PAYOUTS, "currency": "KES"}


class Caller:
    """One service client at the door of one tenant."""

    def __init__(self, tenant: Tenant, *scopes: str) -> None:
        self.tenant = tenant
        receipt = create_service_client(name=f"till {new_id()}", scopes=list(scopes), actor=SYSTEM)
        key = issue_api_key(client=receipt.id, name="key", actor=SYSTEM).key
        self.client = Client(headers={"host": f"{tenant.slug}.localhost"})
        self.headers = {"Authorization": f"Bearer {key}"}

    def get(self, path: str, **query: str) -> Any:
        answer = self.client.get(f"/v1/settlements/{path}", query, headers=self.headers)
        return self._back(answer)

    def post(self, path: str, body: Any = None, key: str = "k1", **rest: Any) -> Any:
        rest = {} if rest.pop("format", "") else {"content_type": "application/json"}
        headers = self.headers | ({"Idempotency-Key": key} if key else {})
        answer = self.client.post(f"/v1/settlements/{path}", body or {}, headers=headers, **rest)
        return self._back(answer)

    def _back(self, answer: Any) -> Any:
        connection.set_tenant(self.tenant)  # type: ignore[attr-defined]
        return answer


@pytest.fixture
def caller(books: Tenant) -> Caller:
    return Caller(books, "settlements:read", "settlements:write")


def test_a_batch_is_drafted_once_shown_and_submitted(caller: Caller) -> None:
    answer = caller.post("batches", DRAFT)
    assert answer.status_code == 201, answer.content
    body = answer.json()
    assert (body["state"], body["line_count"]) == ("open", 2)
    assert body["total"] == {"amount": 195_000, "currency": "KES", "amount_decimal": "1950.00"}
    again = caller.post("batches", DRAFT)
    assert (again.json(), again["Idempotent-Replayed"], Batch.objects.count()) == (body, "true", 1)

    path = f"batches/{body['id']}"
    assert caller.get(path).json() == body
    submitted = caller.post(f"{path}/submit", key="k2").json()
    assert (submitted["state"], len(submitted["digest"])) == ("in_approval", 64)
    assert {line["state"] for line in submitted["lines"]} == {"awaiting_approval"}
    listed = caller.get("batches", state="in_approval").json()
    assert [row["id"] for row in listed["data"]] == [body["id"]]
    assert caller.get("batches", state="open").json()["data"] == []


def test_nothing_is_decided_over_the_api(caller: Caller) -> None:
    batch = caller.post("batches", DRAFT).json()["id"]
    caller.post(f"batches/{batch}/submit", key="k2")
    before = image()
    for verb in ("decide", "approve", "release"):
        assert caller.post(f"batches/{batch}/{verb}", key=verb).status_code == 404
    assert image() == before


def test_refusals_are_problems(caller: Caller, books: Tenant) -> None:
    assert caller.post("batches", DRAFT, key="").status_code == 400
    caller.post("batches", DRAFT)
    refused = caller.post("batches", DRAFT, key="k2")
    assert (refused.status_code, refused["Content-Type"]) == (409, "application/problem+json")
    assert "nothing-to-pay" in refused.json()["type"]
    assert caller.get(f"batches/{public_id('bat', new_id())}").status_code == 404
    assert caller.get("batches/nonsense").status_code == 404
    reader = Caller(books, "settlements:read")
    assert reader.post("batches", DRAFT, key="k3").status_code == 403
    assert Caller(books, "ledger:read").get("batches").status_code == 403


def test_payees_are_listed(caller: Caller) -> None:
    rows = caller.get("payees", kind="restaurant").json()["data"]
    assert sorted(row["reference"] for row in rows) == ["R1", "R2", "R3"]
    assert {row["destination"] for row in rows} >= {"2547•••••601"}


def test_a_payee_is_registered_and_changed_but_never_verified(caller: Caller) -> None:
    details = {"rail": "bank", "account_name": "Nine", "iban": "DE89 3704 0044 0532 0130 00"}
    body = {"reference": "R9", "name": "Nine", "kind": "driver", "currency": "EUR"}
    answer = caller.post("payees", body | {"details": details})
    assert answer.status_code == 201, answer.content
    made = answer.json()
    assert (made["details_state"], made["destination"]) == ("unverified", "DE ••••3000")
    assert caller.get(f"payees/{made['id']}").json() == made
    wrong = caller.post(f"payees/{made['id']}/details", {"rail": "phone"}, key="k2")
    assert (wrong.status_code, "invalid-details" in wrong.json()["type"]) == (422, True)
    other = {"rail": "bank", "account_name": "Nine", "account": "77", "bic": "COBADEFF"}
    changed = caller.post(f"payees/{made['id']}/details", other, key="k3").json()
    assert [one["version"] for one in changed["versions"]] == [2, 1]
    for verb in ("verify", "decide", "lift"):
        assert caller.post(f"payees/{made['id']}/{verb}", key=verb).status_code == 404
    content = b"reference,name,kind,currency,rail,phone\nN1,One,driver,KES,phone,0712345678\n"
    encoded = {"content_base64": base64.b64encode(content).decode()}
    file = caller.post("payees/files", encoded, key="k4").json()
    assert (file["added"], file["problems"]) == (1, [])


def test_cut_offs_and_schedules_over_the_api(caller: Caller) -> None:
    batch = caller.post("batches", DRAFT).json()
    assert (batch["next_cut_off"], batch["expected_arrival"]) == (None, None)
    rail = {
        "provider_account": PAYOUTS,
        "zone": "Africa/Nairobi",
        "calendar": "KE",
        "cut_offs": ["15:00", "10:30"],
        "arrives_after_days": 1,
    }
    answer = caller.post("rails", rail, key="k2")
    assert answer.status_code == 200, answer.content
    assert answer.json() == caller.get("rails").json()
    submitted = caller.post(f"batches/{batch['id']}/submit", key="k3").json()
    assert submitted["expected_arrival"] == answer.json()["rails"][0]["expected_arrival"]
    assert submitted["next_cut_off"] is not None
    day = {"day": "2027-03-10", "is_open": False, "reason": "Eid"}
    assert caller.post("calendars/KE", day, key="k4").status_code == 201
    assert caller.get("calendars/QQ").status_code == 404
    terms = {
        "name": "Weekly", "provider_account": PAYOUTS, "currency": "KES", "frequency": "weekly",
        "weekdays": [4], "at": "09:00", "zone": "Africa/Nairobi", "calendar": "KE",
        "convention": "following", "starts_on": "2027-01-01",
    }  # fmt: skip
    made = caller.post("schedules", terms, key="k5")
    assert made.status_code == 201, made.content
    row = made.json()
    assert caller.get(f"schedules/{row['id']}").json() == row
    assert [one["id"] for one in caller.get("schedules").json()["data"]] == [row["id"]]
    wrong = caller.post("schedules", terms, key="k6")
    assert (wrong.status_code, "invalid-schedule" in wrong.json()["type"]) == (422, True)
    ended = caller.post(f"schedules/{row['id']}/end", key="k7").json()
    assert ended["ended_at"] is not None


@pytest.mark.parametrize("is_form", [False, True])
def test_a_statement_is_imported_and_its_break_shown(caller: Caller, *, is_form: bool) -> None:
    content = portal_csv([Line("W1", "70.00")])
    body: dict[str, Any] = {"provider_account": COLLECTIONS, "profile": "mpesa-csv"}
    if is_form:
        file = SimpleUploadedFile("w.csv", content, "text/csv")
        answer = caller.post("statements", body | {"file": file}, format="multipart")
    else:
        encoded = base64.b64encode(content).decode()
        answer = caller.post("statements", body | {"name": "w.csv", "content_base64": encoded})
    assert answer.status_code == 201, answer.content
    assert (answer.json()["file_name"], answer.json()["closing"]["amount"]) == ("w.csv", 7000)
    assert Statement.objects.count() == 1
    assert [row["new_lines"] for row in caller.get("statements").json()["data"]] == [1]
    rows = caller.get("breaks", kind="missing_internal").json()["data"]
    assert [row["amount"]["amount"] for row in rows] == [7000]
    assert caller.get(f"breaks/{rows[0]['id']}").json() == rows[0]
    assert caller.get("breaks", state="resolved").json()["data"] == []


def test_a_file_that_proves_nothing_is_refused(caller: Caller) -> None:
    body = {"provider_account": COLLECTIONS, "profile": "mpesa-csv"}
    wrong = base64.b64encode(portal_csv([Line("W1", "70.00")], closing="1.00")).decode()
    assert caller.post("statements", body | {"content_base64": wrong}).status_code == 422
    assert caller.post("statements", body | {"content_base64": "%"}, key="k2").status_code >= 400
    assert caller.post("statements", body, key="k3").status_code >= 400
    assert (Statement.objects.count(), Break.objects.count()) == (0, 0)
    assert import_csv([Line("W1", "70.00")])
