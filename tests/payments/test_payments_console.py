"""Payments in the console, by a person who has signed in."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
from django.db import connection
from django.test import Client

from apps.payments import selectors, services
from apps.payments.models import Attempt, Callback, PaymentIntent
from apps.platform.actors import SYSTEM
from apps.platform.clock import now
from apps.platform.ids import public_id
from apps.tenancy.models import Tenant
from tests.identity.people import make_person, signed_in
from tests.payments.books import open_accounts
from tests.payments.world import new_intent

pytestmark = pytest.mark.django_db


@pytest.fixture
def unknown(mara: Tenant) -> UUID:
    """A payment whose outcome nobody knows."""
    open_accounts()
    intent_id = new_intent("254708374149", reference="ORD-77")
    receipt = services.start_collection(intent_id=intent_id, actor=SYSTEM)
    for state in ("sending", "unknown"):
        Attempt.objects.filter(id=receipt.attempt_id).update(state=state, unknown_since=now())
    return intent_id


@pytest.fixture
def callback(unknown: UUID) -> Callback:
    attempt = Attempt.objects.get(intent_id=unknown)
    return Callback.objects.create(
        provider_account=attempt.provider_account, attempt=attempt, kind="stk", dedupe="d",
        body=b'{"phone": "254708374149"}', body_sha256="0" * 64, next_try_at=now(),
        received_at=now(), state="quarantined", last_error="field=phone",
    )  # fmt: skip


def visit(tenant: Tenant, role: str) -> Client:
    client = signed_in(make_person(f"person-{role}", role))
    connection.set_tenant(tenant)  # type: ignore[attr-defined]  # django_tenants' own
    return client


def call(tenant: Tenant, client: Client, method: str, page: str, **form: str) -> Any:
    response = getattr(client, method)(f"/console/{page}", form)
    connection.set_tenant(tenant)  # type: ignore[attr-defined]  # django_tenants' own
    return response


def test_each_page_shows_the_payment_and_never_a_whole_number(
    mara: Tenant, unknown: UUID, callback: Callback
) -> None:
    client = visit(mara, "viewer")
    pages = {
        "payments/paymentintent/": ["ORD-77", "1,500.00"],
        f"payments/intents/{public_id('pi', unknown)}": [
            "ORD-77", "1,500.00", "Attempt queued", "Callback received", "2100.rst-1",
        ],
        "payments/unknown": ["ORD-77", "1,500.00"],
        "payments/callback/": [public_id("cb", callback.id)],
        f"payments/callbacks/{public_id('cb', callback.id)}": ["field=phone", "Quarantined"],
    }  # fmt: skip
    for page, shows in pages.items():
        response = call(mara, client, "get", page)
        assert response.status_code == 200, page
        text = response.content.decode()
        assert [words for words in shows if words not in text] == [], page
        assert "254708374149" not in text, page


@pytest.mark.parametrize(
    ("captured_minor", "said"),
    [(149_900, "KES 1.00 is missing"), (150_100, "KES 1.00 more than was asked"), (150_000, "")],
)
def test_what_is_not_what_was_asked_is_said_first(
    mara: Tenant, unknown: UUID, captured_minor: int, said: str
) -> None:
    intents = PaymentIntent.objects.filter(id=unknown)
    assert intents.get().amount_minor == 150_000
    intents.update(status="succeeded", captured_minor=captured_minor)
    page = f"payments/intents/{public_id('pi', unknown)}"
    shown = call(mara, visit(mara, "viewer"), "get", page).content.decode()
    assert said in shown
    assert ("in suspense" in shown) == bool(said)


def test_an_operator_has_the_provider_asked(mara: Tenant, unknown: UUID) -> None:
    attempt = Attempt.objects.get(intent_id=unknown)
    form = {"key": public_id("att", attempt.id), "action": "check"}
    refused = call(mara, visit(mara, "viewer"), "post", "payments/unknown", **form)
    assert refused.status_code == 409
    attempt.refresh_from_db()
    assert attempt.next_check_at is None
    done = call(mara, visit(mara, "operator"), "post", "payments/unknown", **form)
    assert done.status_code == 302
    attempt.refresh_from_db()
    assert attempt.next_check_at is not None
    assert attempt.next_check_at <= now()


def test_a_quarantined_callback_is_processed_again_from_its_page(
    mara: Tenant, unknown: UUID, callback: Callback
) -> None:
    page = f"payments/callbacks/{public_id('cb', callback.id)}"
    assert call(mara, visit(mara, "operator"), "post", page, action="replay").status_code == 302
    assert selectors.callback(callback.id).state == "new"


def test_a_payer_is_not_asked_while_the_outcome_is_unknown(mara: Tenant, unknown: UUID) -> None:
    page = f"payments/intents/{public_id('pi', unknown)}"
    before = Attempt.objects.count()
    assert call(mara, visit(mara, "operator"), "post", page, action="collect").status_code == 409
    assert Attempt.objects.count() == before


def test_an_operator_stops_a_provider_and_a_viewer_does_not(mara: Tenant, unknown: UUID) -> None:
    stop = {"key": "mpesa-collections:purchase", "action": "stop", "text": "Works announced"}
    assert (
        call(mara, visit(mara, "viewer"), "post", "payments/providers", **stop).status_code == 409
    )
    operator = visit(mara, "operator")
    assert call(mara, operator, "post", "payments/providers", **stop).status_code == 302
    shown = call(mara, operator, "get", "payments/providers").content.decode()
    assert "Works announced" in shown
    assert "never: the provider knows no key" in shown
    resume = {"key": "mpesa-collections:purchase", "action": "resume"}
    assert call(mara, operator, "post", "payments/providers", **resume).status_code == 302
    assert (
        "Works announced" not in call(mara, operator, "get", "payments/providers").content.decode()
    )
