"""The audit of payments sees each planted fault, and nothing where all is well."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from uuid import UUID

import pytest
from django.db import connection

from apps.payments import selectors
from apps.payments.errors import ProviderUnreachable
from apps.payments.models import Attempt, ProviderAccount
from tests.payments.conftest import House
from tests.payments.world import (
    COLLECTIONS,
    PAYOUTS,
    collect,
    payment_when,
    payout_when,
    queue_payout,
)


@pytest.fixture(scope="module")
def own_house(open_house: Callable[[], House], django_db_blocker: pytest.FixtureRequest) -> House:
    with django_db_blocker.unblock():  # type: ignore[attr-defined]
        return open_house()


@pytest.fixture
def shared_house(own_house: House) -> House:
    """Faults are planted in books that nobody else looks at."""
    return own_house


@contextmanager
def planted(forwards: str, backwards: str, *values: object) -> Iterator[None]:
    """A change behind the triggers' back, taken back at the end."""
    for sql in (forwards, backwards):
        with connection.cursor() as cursor:
            cursor.execute("SET session_replication_role = replica")
            cursor.execute(sql, [str(value) for value in values])
            cursor.execute("SET session_replication_role = DEFAULT")
        if sql is forwards:
            yield


def checks() -> set[str]:
    return {violation.check for violation in selectors.payments_violations()}


def test_sound_books_have_no_violations(house: House) -> None:
    for ending in ("01", "02", "12", "07"):
        payment_when(
            collect(f"2547080000{ending}"),
            {"01": "succeeded", "02": "failed", "12": "partially_captured", "07": "succeeded"}[
                ending
            ],
        )
    payout_when(queue_payout("254708000001"), "succeeded")
    payout_when(queue_payout("254708000002"), "declined")
    assert selectors.payments_violations() == []
    assert selectors.provider_disagreements(label=COLLECTIONS) == []
    assert selectors.provider_disagreements(label=PAYOUTS) == []


def test_an_event_that_is_not_its_journal(house: House) -> None:
    intent_id = payment_when(collect("254708000001"), "succeeded").intent.id
    with planted(
        "UPDATE payments_payment_event SET booked_minor = booked_minor + 1"
        " WHERE intent_id = %s AND kind = 'succeeded'",
        "UPDATE payments_payment_event SET booked_minor = booked_minor - 1"
        " WHERE intent_id = %s AND kind = 'succeeded'",
        intent_id,
    ):
        assert checks() == {"payments.event_equals_journal"}
    assert checks() == set()


def test_an_intent_that_is_not_its_events(house: House) -> None:
    intent_id = payment_when(collect("254708000001"), "succeeded").intent.id
    with planted(
        "UPDATE payments_payment_intent SET captured_minor = captured_minor + 1 WHERE id = %s",
        "UPDATE payments_payment_intent SET captured_minor = captured_minor - 1 WHERE id = %s",
        intent_id,
    ):
        assert checks() == {"payments.intent_is_fold_of_events"}


def test_a_success_without_money(house: House) -> None:
    payout_ref = queue_payout("254708000002")
    payout_when(payout_ref, "declined")
    with planted(
        "UPDATE payments_attempt SET state = 'succeeded' WHERE payout_ref = %s",
        "UPDATE payments_attempt SET state = 'declined' WHERE payout_ref = %s",
        payout_ref,
    ):
        assert "payments.success_is_booked" in checks()


def test_money_that_nobody_was_told_of(house: House) -> None:
    reference = payment_when(collect("254708000001"), "succeeded").intent.reference
    payout_ref = queue_payout("254708000001")
    payout_when(payout_ref, "succeeded")
    for subject, check in ((reference, "payments"), (str(payout_ref), "payouts")):
        with planted(
            "UPDATE platform_outbox_message SET name = name || '.lost'"
            " WHERE payload::text LIKE %s AND name IN"
            " ('payments.payment_captured', 'payments.payout_paid')",
            "UPDATE platform_outbox_message SET name = left(name, -5)"
            " WHERE payload::text LIKE %s AND name LIKE '%%.lost'",
            f"%{subject}%",
        ):
            assert checks() == {f"payments.{check}_are_announced"}
            with planted(
                "INSERT INTO platform_retention SELECT tenant, id, now(), 0 FROM payments_attempt"
                " WHERE payout_ref = %s",
                "DELETE FROM platform_retention WHERE id IN"
                " (SELECT id FROM payments_attempt WHERE payout_ref = %s)",
                payout_ref,
            ):
                assert checks() == set()  # so old that its event has been removed
    assert checks() == set()


def _key(payout_ref: UUID) -> str:
    return str(Attempt.objects.get(payout_ref=payout_ref).provider_key)


def test_a_payout_paid_twice_in_the_providers_books(house: House) -> None:
    payout_ref = queue_payout("254708000001")
    receipt = payout_when(payout_ref, "succeeded").provider_refs["receipt"]
    house.provider.tell("pay-again", receipt=receipt)
    (found,) = selectors.provider_disagreements(label=PAYOUTS)
    assert (found.check, found.subject) == (
        "payments.payout_paid_once_at_provider",
        _key(payout_ref),
    )


def test_a_failure_that_the_provider_paid(house: House) -> None:
    payout_ref = queue_payout("254708000101")
    payout_when(payout_ref, "succeeded")
    before = {v.subject for v in selectors.provider_disagreements(label=PAYOUTS)}
    with planted(
        "UPDATE payments_attempt SET state = 'declined' WHERE payout_ref = %s",
        "UPDATE payments_attempt SET state = 'succeeded' WHERE payout_ref = %s",
        payout_ref,
    ):
        found = {
            v.check
            for v in selectors.provider_disagreements(label=PAYOUTS)
            if v.subject not in before
        }
    assert found == {"payments.failure_agrees"}


def test_silence_is_not_agreement(house: House) -> None:
    account = ProviderAccount.objects.get(label=COLLECTIONS)
    away = {**account.config, "base_url": "http://127.0.0.1:9"}
    ProviderAccount.objects.filter(label=COLLECTIONS).update(config=away)
    try:
        with pytest.raises(ProviderUnreachable):
            selectors.provider_disagreements(label=COLLECTIONS)
    finally:
        ProviderAccount.objects.filter(label=COLLECTIONS).update(config=account.config)
