"""Two tenants with equal references never meet, and nothing secret is written down."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection

from apps.payments import selectors, services
from apps.payments.models import Attempt, PaymentIntent, ProviderExchange
from apps.platform.actors import SYSTEM
from apps.platform.models import AuditRecord, OutboxMessage
from apps.tenancy.contexts import inside
from tests.payments.conftest import House
from tests.payments.world import (
    INITIATOR_PASSWORD,
    PASSKEY,
    balance,
    new_intent,
    payment_when,
    payout_when,
    queue_payout,
)


def test_equal_references_in_two_tenants_stay_apart(
    house: House, open_house: Callable[[], House]
) -> None:
    other = open_house()
    here = new_intent("254708000001", reference="SAME-1")
    services.start_collection(intent_id=here, actor=SYSTEM)
    with inside(other.tenant):
        there = new_intent("254708000002", reference="SAME-1")
        services.start_collection(intent_id=there, actor=SYSTEM)
        before = balance("1100")
        payment_when(there, "failed")
    payment_when(here, "succeeded")
    with inside(other.tenant):
        assert balance("1100") == before
        assert not PaymentIntent.objects.filter(id=here).exists()
        assert selectors.payments_violations() == []
    mine = {row["account_reference"] for row in house.provider.transfers(house.paybill, "pay_in")}
    theirs = house.provider.transfers(other.paybill, "pay_in")
    assert "SAME-1" in mine
    assert theirs == []


def test_each_tenant_has_its_own_token_and_workers_share_it(house: House) -> None:
    for _ in range(3):
        payment_when(_collected(), "succeeded")
    keys = [key for key in _redis_keys() if "daraja:token" in key]
    assert [key for key in keys if key.startswith(house.tenant.id.hex)]


def _collected() -> Any:
    intent_id = new_intent("254708000001")
    services.start_collection(intent_id=intent_id, actor=SYSTEM)
    return intent_id


def _token_key(house: House) -> str:
    mine = [key for key in _redis_keys() if key.startswith(house.tenant.id.hex)]
    return next(key.split(":1:", 1)[1] for key in mine if "lock" not in key)


def _redis_keys() -> list[str]:
    client = cache._cache.get_client()  # type: ignore[attr-defined]
    return [key.decode() for key in client.keys("*daraja*")]


def test_no_secret_and_no_whole_number_is_written_down(
    house: House, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    phone = "254712399901"
    intent_id = new_intent(phone)
    services.start_collection(intent_id=intent_id, actor=SYSTEM)
    payment_when(intent_id, "succeeded")
    payout_when(queue_payout(phone), "succeeded")
    written = caplog.text + "".join(capfd.readouterr())
    written += _rows(AuditRecord) + _rows(OutboxMessage) + _rows(ProviderExchange)
    written += str(selectors.payment(intent_id))
    token = cache.get(_token_key(house))
    secrets = [PASSKEY, INITIATOR_PASSWORD, token, phone, phone[3:], f"0{phone[3:]}"]
    secrets += [f"key-{house.paybill}-of-the-app", f"secret-{house.paybill}-of-the-app"]
    assert [secret for secret in secrets if secret in written] == []
    assert len(written) > 1_000


def _rows(model: Any) -> str:
    return json.dumps(list(model.objects.values()), default=str)


def test_no_number_with_a_fraction_reaches_the_tables(house: House) -> None:
    payout_when(queue_payout("254708000001"), "succeeded")
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT table_name, column_name, data_type FROM information_schema.columns"
            " WHERE table_schema = %s AND table_name LIKE 'payments_%%'"
            " AND (column_name LIKE '%%minor' OR data_type IN ('real', 'double precision'))",
            [house.tenant.schema_name],
        )
        kinds = {kind for _, _, kind in cursor.fetchall()}
    assert kinds == {"bigint"}
    assert Attempt.objects.filter(state="succeeded").exists()
