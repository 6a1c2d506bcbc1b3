"""What the database refuses when somebody goes around the code."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import Error, connection, transaction

from apps.payments import services
from apps.payments.domain.disputes import DISPUTE_MOVES
from apps.payments.domain.refunds import REFUND_MOVES
from apps.payments.domain.states import (
    ATTEMPT_MOVES,
    CALLBACK_MOVES,
    INTENT_MOVES,
    may_move,
)
from apps.payments.models import Attempt, Callback, PaymentEvent, PaymentIntent, ProviderExchange
from apps.platform.actors import SYSTEM
from apps.platform.clock import now
from apps.platform.ids import new_id
from apps.tenancy.models import Tenant
from tests.payments.books import open_accounts
from tests.payments.world import new_intent, queue_payout

pytestmark = pytest.mark.django_db


@pytest.fixture
def books(mara: Tenant) -> Tenant:
    open_accounts()
    return mara


@pytest.fixture
def attempt(books: Tenant) -> Attempt:
    receipt = services.start_collection(intent_id=new_intent("254708000001"), actor=SYSTEM)
    return Attempt.objects.get(id=receipt.attempt_id)


@pytest.fixture
def callback(attempt: Attempt) -> Callback:
    return Callback.objects.create(
        provider_account=attempt.provider_account, attempt=attempt, kind="stk", dedupe="d",
        body=b"{}", body_sha256="0" * 64, next_try_at=now(), received_at=now(),
    )  # fmt: skip


@contextmanager
def refused(sqlstate: str) -> Iterator[None]:
    with pytest.raises(Error) as error, transaction.atomic():
        yield
    assert error.value.__cause__.sqlstate == sqlstate  # type: ignore[union-attr]


def test_the_database_allows_exactly_the_moves_of_the_domain(books: Tenant) -> None:
    machines: tuple[tuple[str, Any], ...] = (
        ("intent", INTENT_MOVES),
        ("attempt", ATTEMPT_MOVES),
        ("callback", CALLBACK_MOVES),
        ("refund", REFUND_MOVES),
        ("dispute", DISPUTE_MOVES),
    )
    for machine, moves in machines:
        states = list(moves)
        for before in states:
            for after in states:
                with connection.cursor() as cursor:
                    cursor.execute(
                        "SELECT payments_move_allowed_v2(%s, %s, %s)", [machine, before, after]
                    )
                    (allowed,) = cursor.fetchone()
                assert allowed == may_move(moves, before, after), (machine, before, after)


def test_a_state_cannot_be_forced(attempt: Attempt, callback: Callback) -> None:
    with refused("PM002"):
        Attempt.objects.filter(id=attempt.id).update(state="unknown")
    with refused("PM002"):
        PaymentIntent.objects.filter(attempts=attempt).update(status="requires_method")
    Callback.objects.filter(id=callback.id).update(state="done")
    with refused("PM002"):
        Callback.objects.filter(id=callback.id).update(state="new")
    with refused("PM002"):
        Attempt.objects.create(
            direction="in", operation="purchase", number=9, intent_id=attempt.intent_id,
            provider_account=attempt.provider_account, amount_minor=1, currency="KES",
            provider_key="k", callback_token_hash=b"h", idempotency_key="k", fingerprint=b"",
            created_at=now(), state="succeeded",
        )  # fmt: skip


def test_facts_and_evidence_are_append_only(attempt: Attempt, callback: Callback) -> None:
    exchange = ProviderExchange.objects.create(
        attempt=attempt, purpose="submit", outcome="unknown", at=now()
    )
    with refused("PM001"):
        PaymentEvent.objects.filter(attempt=attempt).update(amount_minor=1)
    with refused("PM001"):
        PaymentEvent.objects.filter(attempt=attempt).delete()
    with refused("PM001"):
        ProviderExchange.objects.filter(id=exchange.id).update(outcome="x")
    for table in ("payment_intent", "attempt", "callback"):
        with refused("PM001"), connection.cursor() as cursor:
            cursor.execute(f"DELETE FROM payments_{table}")
    with refused("PM003"):
        Callback.objects.filter(id=callback.id).update(body=b"{1}")


def test_what_was_asked_for_is_fixed(attempt: Attempt) -> None:
    with refused("PM003"):
        Attempt.objects.filter(id=attempt.id).update(amount_minor=1)
    with refused("PM003"):
        Attempt.objects.filter(id=attempt.id).update(provider_key="other")
    with refused("PM003"):
        PaymentIntent.objects.filter(attempts=attempt).update(amount_minor=1)
    with refused("PM003"):
        PaymentIntent.objects.filter(attempts=attempt).update(allocation=[])


def copied(attempt: Attempt, **changes: object) -> None:
    """Insert a copy of an attempt under names of its own."""
    unique = new_id().hex
    attempt.pk = attempt.id = new_id()
    attempt.provider_key, attempt.idempotency_key = unique, unique
    attempt.callback_token_hash = unique.encode()
    for name, value in changes.items():
        setattr(attempt, name, value)
    attempt.save(force_insert=True)


def test_one_charge_is_live_at_a_time(attempt: Attempt) -> None:
    with refused("23505"):
        copied(attempt, number=2)


@pytest.mark.parametrize(
    "path", [["queued"], ["sending", "unknown"], ["sending", "unknown", "investigate"],
             ["succeeded"]],
)  # fmt: skip
def test_a_payout_that_may_have_been_paid_has_no_second_attempt(
    books: Tenant, path: list[str]
) -> None:
    attempt = Attempt.objects.get(payout_ref=queue_payout("254708000001"))
    for state in path:
        Attempt.objects.filter(id=attempt.id).update(state=state)
    with refused("PM004"):
        copied(attempt, number=2)
    assert Attempt.objects.filter(payout_ref=attempt.payout_ref).count() == 1


def test_a_failed_payout_may_have_another(books: Tenant) -> None:
    attempt = Attempt.objects.get(payout_ref=queue_payout("254708000001"))
    Attempt.objects.filter(id=attempt.id).update(state="failed")
    copied(attempt, number=2, state="queued")


def test_money_needs_a_journal_and_a_receipt_counts_once(attempt: Attempt) -> None:
    facts = {
        "provider_account": attempt.provider_account, "attempt": attempt, "kind": "succeeded",
        "facet": "f", "rank": 30, "amount_minor": 5, "currency": "KES", "received_at": now(),
        "source": "callback", "is_effective": True, "provider_reference": "R",
    }  # fmt: skip
    with refused("23514"):
        PaymentEvent.objects.create(**facts, booked_minor=5, dedupe="1")
    PaymentEvent.objects.create(**facts, dedupe="1")
    with refused("23505"):
        PaymentEvent.objects.create(**facts, dedupe="1")


def test_a_row_of_another_tenant_is_refused(attempt: Attempt) -> None:
    with pytest.raises(Error), transaction.atomic():
        copied(attempt, number=3, state="queued", tenant=new_id())
