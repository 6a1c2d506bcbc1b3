"""A card number comes in by no door, and not around them either."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import pytest
from django.db import Error, connection, transaction

from apps.payments import services
from apps.payments.models import Callback, PaymentIntent
from apps.payments.selectors.contexts import callback_token
from apps.platform.actors import SYSTEM
from apps.tenancy.models import Tenant
from tests.identity.people import make_person, signed_in
from tests.payments.books import Caller, open_accounts
from tests.payments.test_payments_api import asked
from tests.payments.world import new_intent
from tests.platform.test_cards import TEST_CARDS

pytestmark = pytest.mark.django_db
CARD = "4242 4242 4242 4242"


@pytest.mark.parametrize(
    "body",
    [
        asked(description=f"paid by {CARD}"),
        asked(reference=CARD.replace(" ", "-")),
        asked(metadata={"note": CARD}),
        asked(metadata={CARD: "note"}),
        asked(description=4242424242424242),
    ],
)
def test_the_api_refuses_it_and_does_not_repeat_it(mara: Tenant, body: dict[str, Any]) -> None:
    open_accounts()
    caller = Caller(mara, "payments:read", "payments:write")
    answer = caller.post("intents", body, "k1")
    assert answer.status_code == 422
    assert answer.json()["code"] == "platform/card-number-refused"
    assert "4242" not in json.dumps(answer.json())
    assert PaymentIntent.objects.count() == 0


def test_neither_does_a_key_carry_one(mara: Tenant) -> None:
    open_accounts()
    caller = Caller(mara, "payments:read", "payments:write")
    answer = caller.post("intents", asked(), CARD.replace(" ", ""))
    assert answer.json()["code"] == "platform/card-number-refused"


@pytest.mark.parametrize("method", ["get", "post"])
def test_the_console_refuses_it_in_any_field(mara: Tenant, method: str) -> None:
    client = signed_in(make_person("person-viewer", "viewer"))
    connection.set_tenant(mara)  # type: ignore[attr-defined]  # django_tenants' own
    answer = getattr(client, method)("/console/payments/unknown", {"note": CARD})
    assert answer.status_code == 422
    assert "Card numbers are not accepted anywhere" in answer.content.decode()
    assert CARD not in answer.content.decode()


def test_what_a_provider_sends_is_kept_without_it(mara: Tenant) -> None:
    open_accounts()
    receipt = services.start_collection(intent_id=new_intent("254708000001"), actor=SYSTEM)
    sent = json.dumps({"card": CARD, "ResultCode": 0}).encode()
    services.receive_callback(
        delivery=services.Delivery(
            inbound_name="daraja", token=callback_token(receipt.attempt_id), kind="stk",
            body=sent, content_type="application/json", remote_ip=None,
        )
    )  # fmt: skip
    kept = Callback.objects.get(attempt_id=receipt.attempt_id)
    assert json.loads(bytes(kept.body)) == {"card": "9000 0000 0000 4242", "ResultCode": 0}
    assert kept.body_sha256 == hashlib.sha256(sent).hexdigest()


@pytest.mark.parametrize("card", TEST_CARDS)
def test_the_database_refuses_it_from_whoever_goes_around_the_code(mara: Tenant, card: str) -> None:
    open_accounts()
    kept = PaymentIntent.objects.filter(id=new_intent("254708000001"))
    fours = " ".join(card[at : at + 4] for at in range(0, 12, 4)) + " " + card[12:]
    for change in ({"description": f"by {card}."}, {"metadata": {"a": fours}}):
        with pytest.raises(Error) as error, transaction.atomic():
            kept.update(**change)
        assert error.value.__cause__.sqlstate == "PM040"  # type: ignore[union-attr]
    kept.update(description=f"{card[:-1]}{(int(card[-1]) + 1) % 10}")
