"""A payer's number is in no column of the tenant's schema, and still found, shown and sent to."""

from __future__ import annotations

import json

import pytest
from django.conf import settings
from django.db import Error, connection, transaction

from apps.payments import services
from apps.payments.domain.phones import filled, hollow
from apps.payments.errors.phone_numbers import NoPhoneNumber, RevealReasonMissing
from apps.payments.models import (
    Attempt,
    Callback,
    PayIn,
    PaymentIntent,
    PhoneNumber,
    ProviderAccount,
)
from apps.payments.selectors.contexts import account_callback_url
from apps.platform.actors import SYSTEM
from apps.platform.clock import now
from apps.platform.errors import SealBroken
from apps.platform.ids import public_id
from apps.platform.log_fields import covered_text
from apps.platform.models import AuditRecord
from apps.platform.secrets.sealing import blind, sealed_by
from apps.tenancy.contexts import inside
from apps.tenancy.models import Tenant
from tests.identity.people import make_person, signed_in
from tests.payments.books import Caller, open_accounts
from tests.payments.conftest import House
from tests.payments.test_payments_api import asked
from tests.payments.world import (
    COLLECTIONS,
    new_intent,
    payment_when,
    payout_when,
    queue_payout,
    work,
)

CANARY = "254712399901"
NATIONAL = CANARY[3:]


def rows_with(schema: str, *texts: str) -> list[str]:
    """Tables of a schema with a row that holds a text, in plain or as bytes, in any column."""
    found = []
    with connection.cursor() as cursor:
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = %s", [schema])
        for (table,) in cursor.fetchall():
            forms = [form for text in texts for form in (text, text.encode().hex())]
            cursor.execute(
                f'SELECT count(*) FROM "{schema}"."{table}" AS row WHERE row::text LIKE ANY (%s)',
                [[f"%{form}%" for form in forms]],
            )
            (count,) = cursor.fetchone()
            found += [table] if count else []
    return found


def came_of_its_own(house: House) -> None:
    """A confirmation of a payment nobody asked for, by a provider that shows the whole number."""
    url = account_callback_url(ProviderAccount.objects.get(label=COLLECTIONS), "confirmation")
    body = {
        "TransID": "RKTCANARY1", "TransAmount": "50.00", "TransTime": "20261123120000",
        "BusinessShortCode": house.paybill, "BillRefNumber": "whoever", "MSISDN": CANARY,
    }  # fmt: skip
    services.receive_callback(
        delivery=services.Delivery(
            inbound_name="daraja", token=url.split("/")[-2], kind="confirmation",
            body=json.dumps(body).encode(), content_type="application/json", remote_ip=None,
        )
    )  # fmt: skip


def test_no_column_of_the_schema_holds_a_number_that_was_charged_and_paid(house: House) -> None:
    intent_id = new_intent(CANARY)
    services.start_collection(intent_id=intent_id, actor=SYSTEM)
    payment_when(intent_id, "succeeded")
    payout_when(queue_payout(CANARY), "succeeded")
    came_of_its_own(house)
    work()
    assert NATIONAL in bytes(Callback.objects.filter(kind="stk").get().body).decode()
    pay_in = PayIn.objects.get(receipt="RKTCANARY1")
    assert pay_in.payer == "2547*****901"
    services.move_pay_in(pay_in_id=pay_in.id, account="2900", reason="A test's.", actor=SYSTEM)
    assert rows_with(house.tenant.schema_name, NATIONAL) == []
    assert rows_with(house.tenant.schema_name, "1*****901") != []  # and the search finds
    kept = PhoneNumber.objects.get()  # once, for the intent, its attempt and the payout
    assert {kept.intents.count(), kept.attempts.count()} == {1, 2}
    checkout = kept.attempts.get(operation="purchase").provider_refs["checkout_request_id"]
    assert hollow(filled(checkout, CANARY), CANARY) == checkout != filled(checkout, CANARY)


@pytest.fixture
def books(mara: Tenant) -> Tenant:
    open_accounts()
    return mara


@pytest.mark.django_db
def test_an_equal_number_is_found_in_any_spelling_and_each_opening_is_on_record(
    books: Tenant,
) -> None:
    caller = Caller(books, "payments:read", "payments:write", "payments:phones")
    made = caller.post("intents", asked(payer_phone="0712 399 901"), "k1").json()
    caller.post("intents", asked(payer_phone="0712399902", reference="ORD-2"), "k2")
    assert made["payer"] == "2547*****901"
    for spelling in ("+254 712 399901", CANARY, "0712-399-901"):
        found = caller.get("intents", payer_phone=spelling).json()["data"]
        assert [row["id"] for row in found] == [made["id"]]
    assert caller.get("intents", payer_phone="+254 712 399903").json()["data"] == []
    assert caller.get("intents", payer_phone="12").json()["code"] == "payments/invalid-phone"
    way = f"intents/{made['id']}/payer"
    assert caller.get(way, reason="").status_code == 422
    assert caller.get(way, reason="Calls about a refund").json() == {"phone": f"+{CANARY}"}
    record = AuditRecord.objects.get(use_case="payments.reveal_payer_phone")
    assert (record.subject, record.facts) == (made["id"], {"reason": "Calls about a refund"})
    poor = Caller(books, "payments:read", "payments:write")
    assert poor.get(way, reason="Curious").status_code == 403


@pytest.mark.django_db
def test_a_person_opens_it_with_a_permission_and_a_reason(books: Tenant) -> None:
    name = public_id("pi", new_intent(CANARY))
    page = f"/console/payments/intents/{name}"
    for role, status in (("viewer", 409), ("operator", 302)):
        client = signed_in(make_person(f"person-{role}", role))
        connection.set_tenant(books)  # type: ignore[attr-defined]  # django_tenants' own
        answer = client.post(page, {"action": "reveal", "text": "The payer asked for a receipt"})
        assert answer.status_code == status
    shown = client.get(page).content.decode()
    assert f"+{CANARY}" in shown
    assert f"+{CANARY}" not in client.get(page).content.decode()
    found = client.get("/console/search", {"q": "0712 399 901"}).content.decode()
    assert name in found
    connection.set_tenant(books)  # type: ignore[attr-defined]  # django_tenants' own
    assert AuditRecord.objects.filter(use_case="payments.reveal_payer_phone").count() == 1


@pytest.mark.django_db
def test_who_has_no_number_or_gives_no_reason_is_told_so(books: Tenant) -> None:
    intent_id = new_intent(CANARY)
    with pytest.raises(RevealReasonMissing):
        services.reveal_payer_phone(intent_id=intent_id, reason=" ", actor=SYSTEM)
    unnamed = new_intent("")
    with pytest.raises(NoPhoneNumber):
        services.reveal_payer_phone(intent_id=unnamed, reason="a call", actor=SYSTEM)


@pytest.mark.django_db
def test_a_new_key_seals_all_in_slices_and_then_the_old_one_may_go(
    books: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    intents = [new_intent(f"25471239990{nth}") for nth in range(3)]
    receipt = services.start_collection(intent_id=intents[0], actor=SYSTEM)
    attempt = Attempt.objects.get(id=receipt.attempt_id)
    Callback.objects.create(
        provider_account=attempt.provider_account, attempt=attempt, kind="stk", dedupe="d",
        body=b"{}", body_sha256="0" * 64, next_try_at=now(), received_at=now(),
    )  # fmt: skip
    old, before = settings.SECRET_KEY, sealed_by()
    monkeypatch.setattr(settings, "SECRET_KEY_FALLBACKS", [old])
    monkeypatch.setattr(settings, "SECRET_KEY", "another-key-" * 6)
    assert new_intent("254712399901")  # known by its old index
    assert PhoneNumber.objects.count() == 3
    assert [services.reseal_phone_numbers(limit=2) for _ in range(3)] == [3, 1, 0]
    assert not PhoneNumber.objects.filter(sealed_by=before).exists()
    monkeypatch.setattr(settings, "SECRET_KEY_FALLBACKS", [])
    assert PaymentIntent.objects.get(id=intents[0]).payer_phone == "254712399900"
    assert bytes(Callback.objects.get().body) == b"{}"
    assert new_intent("254712399902")
    assert PhoneNumber.objects.count() == 3
    monkeypatch.setattr(settings, "SECRET_KEY", old)
    with pytest.raises(SealBroken):
        PhoneNumber.objects.all()[0].number  # noqa: B018  opening it is the point


@pytest.mark.django_db
def test_the_database_lets_only_the_seal_change_and_only_with_the_key(books: Tenant) -> None:
    receipt = services.start_collection(intent_id=new_intent(CANARY), actor=SYSTEM)
    attempt = Attempt.objects.get(id=receipt.attempt_id)
    kept = PhoneNumber.objects.filter(attempts=attempt)
    Callback.objects.create(
        provider_account=attempt.provider_account, attempt=attempt, kind="stk", dedupe="d",
        body=b"{}", body_sha256="0" * 64, next_try_at=now(), received_at=now(),
    )  # fmt: skip
    rows = Callback.objects.all()
    for change in (
        lambda: kept.update(sealed="x"),
        lambda: kept.update(shown="x", sealed_by="x"),
        lambda: kept._raw_delete("default"),  # past the ORM's own PROTECT
        lambda: rows.update(body=b"{1}"),
        lambda: rows.update(sealed_by="x"),
        lambda: rows.update(body=b"{1}", sealed_by="x", tries=3),
    ):
        with pytest.raises(Error) as error, transaction.atomic():
            change()  # type: ignore[no-untyped-call]  # a queryset's own
        assert error.value.__cause__.sqlstate in {"PM060", "PM003"}  # type: ignore[union-attr]


@pytest.mark.django_db
def test_indexes_of_two_tenants_have_nothing_in_common(mara: Tenant, baobab: Tenant) -> None:
    seen = set()
    for tenant in (mara, baobab):
        with inside(tenant):
            seen.add(blind("payments.phone_number", CANARY))
    assert len(seen) == 2


@pytest.mark.parametrize("spelling", ["%2B254712399901", "0712399901", "254712399901"])
def test_an_address_with_a_number_is_logged_without_it(spelling: str) -> None:
    assert "399" not in covered_text(f"GET /v1/payments/intents?payer_phone={spelling} 200")
