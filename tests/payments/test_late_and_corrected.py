"""Money that comes after its time, twice, or in another amount than was believed."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest
from django.db import transaction

from apps.payments import selectors, services
from apps.payments.connectors.base import ProviderFact, Result
from apps.payments.domain.merging import EventKind
from apps.payments.domain.states import Outcome
from apps.payments.errors import IntentNotCollectable
from apps.payments.models import Attempt, PaymentIntent
from apps.payments.services.learning import Lesson, learn, locked_attempt
from apps.platform import clock
from apps.platform.actors import SYSTEM
from apps.platform.ids import public_id
from apps.platform.money import Money
from apps.tenancy.models import Tenant
from tests.payments.books import open_accounts
from tests.payments.world import balance, kes, new_intent, told

pytestmark = pytest.mark.django_db


@pytest.fixture
def intent(mara: Tenant) -> UUID:
    open_accounts()
    return new_intent("254708000001")


def tried(intent_id: UUID, outcome: Outcome = Outcome.UNKNOWN) -> UUID:
    """An attempt of the intent that ended so."""
    attempt_id = services.start_collection(intent_id=intent_id, actor=SYSTEM).attempt_id
    Attempt.objects.filter(id=attempt_id).update(state="sending", sends=1)
    hear(attempt_id, Result(outcome))
    return attempt_id


def hear(attempt_id: UUID, result: Result) -> bool:
    attempt = locked_attempt(attempt_id)
    return learn(attempt, Lesson(result=result, source="query", actor=SYSTEM))


def paid(reference: str, amount: Money, **about: object) -> Result:
    fact = ProviderFact(
        EventKind.SUCCEEDED, dedupe=f"receipt:{reference}", amount=amount, reference=reference,
        **about,  # type: ignore[arg-type]
    )  # fmt: skip
    return Result(Outcome.SUCCEEDED, {"receipt": reference}, (fact,))


FAILED = Result(Outcome.DECLINED, facts=(ProviderFact(EventKind.FAILED, dedupe="failed:1"),))


def books() -> tuple[int, int, int]:
    return balance("1100"), balance("2800"), balance("2100.rst-1")


def test_an_intent_ends_when_its_time_is_over_and_nothing_is_under_way(intent: UUID) -> None:
    attempt_id = tried(intent)
    PaymentIntent.objects.filter(id=intent).update(expires_at=clock.now() - timedelta(seconds=1))
    assert services.expire_intents() == 0
    hear(attempt_id, FAILED)
    assert services.expire_intents() == 1
    assert services.expire_intents() == 0
    assert selectors.payment(intent).intent.status == "expired"
    assert len(told("payment_expired", public_id("pi", intent))) == 1
    with pytest.raises(IntentNotCollectable):
        services.start_collection(intent_id=intent, actor=SYSTEM)


def test_two_attempts_that_both_pay_leave_the_second_in_suspense(intent: UUID) -> None:
    first = tried(intent)
    hear(first, FAILED)
    second = tried(intent)
    hear(second, paid("R2", kes(1_500)))
    hear(first, paid("R1", kes(1_500)))
    assert books() == (3_000_00, 1_500_00, 1_350_00)
    assert selectors.payment(intent).intent.captured == kes(3_000)
    name = public_id("pi", intent)
    assert len(told("payment_captured", name)) == 1
    (differs,) = told("payment_amount_differs", name)
    assert differs["provider_reference"] == "R1"
    assert selectors.payments_violations() == []


@pytest.mark.parametrize("shillings", [1_400, 1_600])
def test_a_better_source_corrects_the_amount_through_suspense(intent: UUID, shillings: int) -> None:
    """The query names no amount, so what was asked is believed until the callback says better."""
    attempt_id = tried(intent)
    hear(attempt_id, paid("query", kes(1_500)))
    assert books() == (1_500_00, 0, 1_350_00)
    hear(attempt_id, paid("R1", kes(shillings), provider_time=clock.now()))
    assert books() == (shillings * 100, (shillings - 1_500) * 100, 1_350_00)
    assert selectors.payment(intent).intent.captured == kes(shillings)
    assert len(told("payment_captured", public_id("pi", intent))) == 1
    assert len(told("payment_amount_differs", public_id("pi", intent))) == 1


def test_the_same_money_told_twice_is_booked_once(intent: UUID) -> None:
    attempt_id = tried(intent)
    hear(attempt_id, paid("query", kes(1_500)))
    assert hear(attempt_id, paid("R1", kes(1_500), provider_time=clock.now()))
    assert not hear(attempt_id, paid("R1", kes(1_500), provider_time=clock.now()))
    assert books() == (1_500_00, 0, 1_350_00)
    events = selectors.payment(intent).events
    assert [event.booked.minor for event in events if event.kind == "succeeded"] == [1_500_00, 0]
    assert selectors.payments_violations() == []


def test_no_provider_is_called_inside_a_transaction(intent: UUID) -> None:
    services.start_collection(intent_id=intent, actor=SYSTEM)
    with transaction.atomic(), pytest.raises(RuntimeError, match="durable"):
        services.send_due_attempts()
    assert Attempt.objects.get(intent_id=intent).state == "queued"
