"""What waits in payments, as figures: workers are added by them and alerts fire by them."""

from __future__ import annotations

from datetime import timedelta

import pytest

from apps.payments import services
from apps.payments.domain.states import AttemptState, Operation
from apps.payments.models import Attempt
from apps.platform import clock, metrics
from apps.platform.actors import SYSTEM
from apps.tenancy.models import Tenant
from tests.payments.books import open_accounts
from tests.payments.world import COLLECTIONS, new_intent

DUE = "house_payments_oldest_due_seconds"
UNKNOWN = "house_payments_oldest_unknown_seconds"


def told(name: str) -> float | None:
    registry = metrics.registry(with_readings=False)
    registry.register(metrics._Readings())
    return registry.get_sample_value(name, {"tenant": "mara"})


@pytest.fixture
def attempt(mara: Tenant) -> Attempt:
    open_accounts()
    services.start_collection(intent_id=new_intent("254708374101"), actor=SYSTEM)
    return Attempt.objects.get()


def test_the_oldest_due_request_is_told_unless_a_person_stopped_it(attempt: Attempt) -> None:
    before = clock.now() - timedelta(minutes=2)
    Attempt.objects.filter(id=attempt.id).update(next_send_at=before)
    waited = told(DUE)
    assert waited is not None
    assert 120 <= waited < 180
    services.stop_provider(
        provider_account=COLLECTIONS, operation=Operation.PURCHASE, reason="works", actor=SYSTEM
    )
    assert told(DUE) is None


def test_what_is_not_proved_is_told_since_it_was_sent(attempt: Attempt) -> None:
    assert told(UNKNOWN) is None
    before = clock.now() - timedelta(hours=1)
    Attempt.objects.filter(id=attempt.id).update(state=AttemptState.SENDING, sent_at=before)
    Attempt.objects.filter(id=attempt.id).update(state=AttemptState.UNKNOWN)
    waited = told(UNKNOWN)
    assert waited is not None
    assert 3_600 <= waited < 3_660
