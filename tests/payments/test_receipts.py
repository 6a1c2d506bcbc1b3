"""Money handed over by hand: two people, evidence, and nothing in the books before both."""

from __future__ import annotations

import base64
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client

from apps.ledger.services import open_account
from apps.payments import selectors, services
from apps.payments.domain.pay_ins import ReceiptDraft, ReceiptState
from apps.payments.domain.receipts import ProviderAccountDraft
from apps.payments.errors import (
    AlreadyDecided,
    ReceiptTaken,
    ReceiptUnsound,
    SecondPersonNeeded,
    UnknownProviderAccount,
)
from apps.payments.models import ManualReceipt, PayIn
from apps.platform import clock
from apps.platform.actors import SYSTEM, Actor, ActorKind
from apps.platform.ids import public_id
from apps.tenancy.models import Tenant
from tests.identity.people import enrolled, make_person, signed_in
from tests.payments.books import Caller, open_accounts
from tests.payments.test_guards import refused
from tests.payments.world import balance, kes, new_intent

pytestmark = pytest.mark.django_db
PDF = b"%PDF-1.7 a photograph of a receipt"


@pytest.fixture
def till(mara: Tenant, settings: Any, tmp_path: Any) -> Tenant:
    settings.ENV = replace(settings.ENV, storage_url=f"file://{tmp_path}/files")
    open_accounts()
    open_account(
        code="1130", name="Till", account_class="asset", currency="KES", actor=SYSTEM
    )  # fmt: skip
    services.open_provider_account(
        draft=ProviderAccountDraft(
            label="till", name="Till of the shop", connector="cash", environment="simulator",
            currency="KES", clearing_account="1130", fee_account="5000", secrets_ref="none",
            config={"methods": ["cash", "cheque"]},
        ),
        actor=SYSTEM,
    )  # fmt: skip
    return mara


def person(name: str, role: str) -> Actor:
    return Actor(ActorKind.PERSON, name, make_person(name, role).id)


def draft(**more: Any) -> ReceiptDraft:
    facts: dict[str, Any] = {
        "provider_account": "till", "method": "cash", "number": "17", "amount": kes(1_500),
        "received_date": clock.today(), "account_reference": "", "payer_name": "Wanjiru",
    }  # fmt: skip
    return ReceiptDraft(**(facts | more))


def record(actor: Actor, name: str = "slip.PDF", content: bytes = PDF, **more: Any) -> Any:
    return services.record_receipt(
        draft=draft(**more), evidence_name=name, evidence=content, actor=actor
    )


def test_a_receipt_is_in_the_books_when_a_second_person_approves(till: Tenant) -> None:
    clerk, boss = person("clerk", "operator"), person("boss", "approver")
    intent_id = new_intent("254708374149", reference="ORD-9")
    id = record(clerk, account_reference="ord-9")
    assert (balance("1130"), selectors.receipt_evidence(id)[1]) == (0, PDF)
    for same in (clerk, SYSTEM):
        with pytest.raises(SecondPersonNeeded):
            services.approve_receipt(receipt_id=id, actor=same)
    pay_in_id = services.approve_receipt(receipt_id=id, actor=boss)
    assert selectors.payment(intent_id).intent.status == "succeeded"
    assert [balance(code) for code in ("1130", "2800", "4000")] == [1_500_00, 0, 150_00]
    assert selectors.pay_in(pay_in_id).source == "operator"
    with pytest.raises(AlreadyDecided):
        services.approve_receipt(receipt_id=id, actor=boss)
    with pytest.raises(ReceiptTaken):
        record(clerk)
    again = record(clerk, method="cheque")
    services.cancel_receipt(receipt_id=again, reason="Bounced", actor=clerk)
    record(clerk, method="cheque")
    assert PayIn.objects.count() == 1
    assert selectors.payments_violations() == []


@pytest.mark.parametrize(
    ("wrong", "error"),
    [
        ({"method": "bank_slip"}, ReceiptUnsound), ({"number": " "}, ReceiptUnsound),
        ({"amount": kes(0)}, ReceiptUnsound), ({"name": "slip.exe"}, ReceiptUnsound),
        ({"content": b""}, ReceiptUnsound), ({"name": "a.png"}, ReceiptUnsound),
        ({"content": PDF + b"0" * 5_242_880}, ReceiptUnsound),
        ({"received_date": clock.today() + timedelta(days=2)}, ReceiptUnsound),
        ({"provider_account": "mpesa-collections"}, UnknownProviderAccount),
    ],
)  # fmt: skip
def test_what_proves_nothing_is_not_recorded(till: Tenant, wrong: Any, error: Any) -> None:
    with pytest.raises(error):
        record(SYSTEM, **wrong)
    assert not ManualReceipt.objects.exists()


def test_the_database_asks_for_two_persons_itself(till: Tenant) -> None:
    clerk = person("clerk", "operator")
    rows = ManualReceipt.objects.filter(id=record(clerk))
    maker = rows.get().recorded_person
    for decided in (maker, ""):
        with refused("PM023"):
            rows.update(state="approved", decided_person=decided)
    with refused("23514"):
        rows.update(state="approved", decided_person="somebody", decided_at=clock.now())
    for fixed in ({"amount_minor": 1}, {"recorded_person": "x"}, {"evidence_sha256": "x"}):
        with refused("PM021"):
            rows.update(**fixed)
    services.cancel_receipt(receipt_id=rows.get().id, reason="Wrong", actor=clerk)
    with refused("PM024"):
        rows.update(state="recorded")
    with refused("PM001"):
        rows.delete()


def visit(tenant: Tenant, name: str, role: str) -> Client:
    user = make_person(name, role)
    client = signed_in(user, secret=enrolled(user) if role == "approver" else "")
    connection.set_tenant(tenant)  # type: ignore[attr-defined]  # django_tenants' own
    return client


def call(tenant: Tenant, client: Client, verb: str, page: str, **form: Any) -> Any:
    response = getattr(client, verb)(f"/console/payments/{page}", form)
    connection.set_tenant(tenant)  # type: ignore[attr-defined]  # django_tenants' own
    return response


def test_a_clerk_records_in_the_console_and_the_boss_approves_there(till: Tenant) -> None:
    clerk, boss = visit(till, "clerk", "operator"), visit(till, "boss", "approver")
    form = {
        "provider_account": "till", "method": "cash", "number": "18", "amount": "250.50",
        "received_date": str(clock.today()), "evidence": SimpleUploadedFile("s.pdf", PDF),
    }  # fmt: skip
    assert "Till of the shop" in call(till, clerk, "get", "receipts/new").content.decode()
    assert call(till, clerk, "post", "receipts/new", **form).status_code == 302
    (row,) = selectors.receipts_to_approve()
    page = f"receipts/{public_id('rcp', row.id)}"
    assert "another person approves" in call(till, clerk, "get", page).content.decode()
    assert call(till, clerk, "post", page, action="approve").status_code == 409
    evidence = call(till, boss, "get", f"{page}/evidence")
    assert (evidence.content, evidence["X-Content-Type-Options"]) == (PDF, "nosniff")
    assert "250.50" in call(till, boss, "get", "receipts").content.decode()
    assert call(till, boss, "post", page, action="approve").status_code == 302
    assert selectors.receipt(row.id).state == ReceiptState.APPROVED
    # What it became waits to be used: the clerk moves it to a party's account.
    (waiting,) = selectors.waiting_pay_ins()
    queue = call(till, clerk, "get", "pay-ins").content.decode()
    assert "250.50" in queue
    name = public_id("pin", waiting.id)
    assert "Move to a party" in call(till, clerk, "get", f"pay-ins/{name}").content.decode()
    moved = {"account": "2900", "reason": "Her deposit"}
    assert call(till, clerk, "post", f"pay-ins/{name}/move", **moved).status_code == 302
    assert balance("2900") == 250_50
    assert "Her deposit" in call(till, boss, "get", f"pay-ins/{name}").content.decode()


def test_the_api_records_cancels_and_uses(till: Tenant) -> None:
    caller = Caller(till, "payments:read", "payments:write")
    body = {
        "provider_account": "till", "method": "cash", "number": "19",
        "amount": {"amount": 1_500_00, "currency": "KES"}, "received_date": str(clock.today()),
        "evidence": {"name": "s.pdf", "content_base64": base64.b64encode(PDF).decode()},
    }  # fmt: skip
    made = caller.post("receipts", body, key="k1")
    assert made.status_code == 201, made.content
    assert caller.post("receipts", body, key="k1").json() == made.json()
    given_up = caller.post(f"receipts/{made.json()['id']}/cancel", {"reason": "Typo"}, key="k2")
    assert given_up.json()["state"] == "cancelled"
    receipt_id = record(person("clerk", "operator"), number="20", account_reference="0RD-11")
    intent_id = new_intent("254708374149", reference="ORD-11")
    pay_in_id = services.approve_receipt(receipt_id=receipt_id, actor=person("boss", "approver"))
    name = public_id("pin", pay_in_id)
    (listed,) = caller.get("pay-ins", state="open").json()["data"]
    assert (listed["id"], listed["left"]["amount"]) == (name, 1_500_00)
    (candidate,) = caller.get(f"pay-ins/{name}/candidates").json()["data"]
    assert "looks like" in candidate["reasons"][0]
    apply = {"intent_id": candidate["intent_id"], "reason": "She spelt it out"}
    done = caller.post(f"pay-ins/{name}/apply", apply, key="k3")
    assert (done.status_code, done.json()["state"]) == (200, "used")
    assert selectors.payment(intent_id).intent.status == "succeeded"
    late = caller.post(f"pay-ins/{name}/move", {"account": "2900", "reason": "x"}, key="k4")
    assert (late.status_code, late.json()["code"]) == (409, "payments/pay-in-does-not-fit")
