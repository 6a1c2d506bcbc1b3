"""Receipts, the head, proofs, erasures and exports over HTTP."""

from __future__ import annotations

import pytest
from django.test import Client

from apps.ledger.domain import credit, debit
from apps.ledger.domain import ledger_verify as chain
from apps.ledger.selectors import journal_entry
from apps.ledger.services import post_entry
from apps.platform.actors import SYSTEM
from apps.platform.ids import new_id, parse_public_id, public_id
from apps.tenancy.models import Tenant
from tests.ledger.conftest import draft, kes, sealed_soon
from tests.ledger.test_ledger_api import Caller


@pytest.fixture
def caller(sealing: Tenant) -> Caller:
    """At the door that all tenants share: the credential says whose books these are."""
    caller = Caller(sealing, ["ledger:read", "ledger:write"])
    caller.client = Client(headers={"host": "localhost"})
    return caller


def test_a_receipt_and_the_head_prove_themselves(caller: Caller) -> None:
    entry = post_entry(
        draft=draft(debit("9100", kes(1)), credit("9900", kes(1)), metadata={"payer": "x1"}),
        idempotency_key=str(new_id()),
        actor=SYSTEM,
    ).entry_id
    sealed_soon()
    answer = caller.get(f"entries/{public_id('je', entry)}/receipt")
    assert answer.status_code == 200
    told = chain.Proof().verify_receipt(answer.json())
    assert told["id"] == str(entry)
    status = caller.get("seal/head").json()
    assert (status["unsealed"], status["unsigned_batches"]) == (0, 0)
    stated = chain.Proof().verify_head(status["head"])
    assert stated["last"] == status["sealed"]
    proof = caller.get("seal/proof", seal=answer.json()["seal"]).json()
    assert proof == answer.json()["proof"]
    assert caller.get("seal/proof", seal=10**9).status_code == 404
    assert caller.get(f"entries/{public_id('je', new_id())}/receipt").status_code == 404

    body = {"entry": public_id("je", entry), "reason": "asked for"}
    assert caller.post("metadata-erasures", body, key=str(new_id())).json() == {"erased_entries": 1}
    assert journal_entry(entry).metadata == {}
    again = caller.post("metadata-erasures", body, key=str(new_id()))
    assert (again.status_code, again.json()["type"].rpartition("/")[2]) == (404, "no-metadata")
    both = body | {"subject": {"name": "a", "value": "b"}}
    assert caller.post("metadata-erasures", both, key=str(new_id())).status_code == 422
    assert caller.get(f"entries/{public_id('je', entry)}/receipt").json()["metadata_erased"]


def test_an_export_is_a_job_with_a_file(caller: Caller) -> None:
    started = caller.post("exports", {"format": "bundle"}, key=str(new_id()))
    assert (started.status_code, started.json()["kind"]) == (202, "ledger.export_book")
    assert parse_public_id("job", started.json()["id"])
    refused = caller.post("exports", {"format": "cobol"}, key=str(new_id()))
    assert refused.status_code == 422


def test_a_statement_for_banks_programs(caller: Caller) -> None:
    span = {"starts": "2026-03-01", "ends": "2026-03-31"}
    answer = caller.get("accounts/9100/camt053", **span)
    assert (answer.status_code, answer["Content-Type"]) == (200, "application/xml")
    assert b"camt.053.001.08" in answer.content
    assert caller.get("accounts/nowhere/camt053", **span).status_code == 404
    backwards = {"starts": "2026-03-31", "ends": "2026-03-01"}
    assert caller.get("accounts/9100/camt053", **backwards).status_code == 422
