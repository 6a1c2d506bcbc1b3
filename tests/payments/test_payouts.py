"""Paying out to a phone: never twice, and never given up while it may have happened."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from django.db import connection

from apps.payments import selectors, services
from apps.payments.errors import AmountNotPayable, PayoutAlreadyTried
from apps.payments.models import Attempt
from apps.platform.actors import SYSTEM
from apps.platform.ids import new_id
from apps.platform.money import Money
from tests.payments.conftest import House
from tests.payments.world import (
    PAYOUTS,
    balance,
    kes,
    payout_when,
    queue_payout,
    told,
    until,
    work,
)

Later = Callable[[float], None]


def transfers(house: House, payout_ref: UUID) -> list[dict[str, object]]:
    """What the provider's own books hold of a payout."""
    key = str(Attempt.objects.get(payout_ref=payout_ref).provider_key)
    rows = house.provider.transfers(house.payer, "payout")
    return [row for row in rows if row["originator_conversation_id"] == key]


def books() -> tuple[int, int]:
    return balance("2900"), balance("1110")


def test_a_payout_is_paid_booked_and_told_once(house: House) -> None:
    transit, held = books()
    payout_ref = queue_payout("254708000001")
    attempt = payout_when(payout_ref, "succeeded")
    assert books() == (transit - 2_000_00, held - 2_000_00)
    (paid,) = told("payout_paid", str(payout_ref))
    assert paid["amount"] == {"amount_minor": 2_000_00, "currency": "KES"}
    assert paid["expected_fee"] == {"amount_minor": 9_00, "currency": "KES"}
    assert paid["provider_account"] == PAYOUTS
    (transfer,) = transfers(house, payout_ref)
    assert transfer["receipt"] == paid["provider_reference"] == attempt.provider_refs["receipt"]
    outcome = selectors.payout_outcome(payout_ref=payout_ref)
    assert (outcome.state, outcome.provider_reference) == ("succeeded", transfer["receipt"])


@pytest.mark.parametrize(
    ("ending", "state", "code"),
    [
        ("02", "declined", "customer.not_registered"),
        ("03", "failed", "config.float_short"),
    ],
)
def test_a_refused_payout_fails_and_books_nothing(
    house: House, ending: str, state: str, code: str
) -> None:
    before = books()
    payout_ref = queue_payout(f"2547080000{ending}")
    payout_when(payout_ref, state)
    assert books() == before
    (failed,) = told("payout_failed", str(payout_ref))
    assert failed["code"] == code
    assert transfers(house, payout_ref) == []


@pytest.mark.parametrize("ending", ["04", "05", "06", "11", "12"])
def test_however_it_is_told_it_is_booked_once(house: House, ending: str) -> None:
    transit, held = books()
    payout_ref = queue_payout(f"2547080000{ending}")
    payout_when(payout_ref, "succeeded")
    work()
    assert books() == (transit - 2_000_00, held - 2_000_00)
    assert len(told("payout_paid", str(payout_ref))) == 1
    assert len(transfers(house, payout_ref)) == 1


def test_a_lost_answer_is_unknown_and_resolved_by_asking(house: House, later: Later) -> None:
    before = books()
    payout_ref = queue_payout("254708000007")
    services.send_due_attempts()
    attempt = selectors.attempt_for(payout_ref)
    assert attempt is not None
    assert (attempt.state, attempt.money_moved, attempt.provider_refs) == ("unknown", "unknown", {})
    assert len(told("payout_unknown", str(payout_ref))) == 1
    assert books() == before
    later(21)
    attempt = payout_when(payout_ref, "succeeded")
    assert attempt.sends == 1
    assert len(transfers(house, payout_ref)) == 1
    assert len(told("payout_paid", str(payout_ref))) == 1


def test_a_silent_payout_becomes_unknown_and_is_resolved_by_asking(
    house: House, later: Later
) -> None:
    payout_ref = queue_payout("254708000008")
    payout_when(payout_ref, "sent")
    later(21)
    payout_when(payout_ref, "unknown")
    assert len(told("payout_unknown", str(payout_ref))) == 1
    later(11)
    payout_when(payout_ref, "succeeded")
    assert len(transfers(house, payout_ref)) == 1


def test_a_queue_timeout_is_not_a_failure(house: House) -> None:
    payout_ref = queue_payout("254708000009")
    payout_when(payout_ref, "unknown")
    assert told("payout_failed", str(payout_ref)) == []
    payout_when(payout_ref, "succeeded")
    assert len(transfers(house, payout_ref)) == 1


def test_a_spike_arrest_is_sent_again_under_the_same_key(house: House, later: Later) -> None:
    payout_ref = queue_payout("254708000010")
    for _ in range(3):
        services.send_due_attempts()
        later(5)
    attempt = payout_when(payout_ref, "succeeded")
    assert attempt.sends == 3
    assert len(transfers(house, payout_ref)) == 1


def test_what_the_provider_never_heard_of_is_sent_again_once(house: House, later: Later) -> None:
    """The connection broke before the provider did anything; asked, it has never heard of it."""
    house.provider.tell("faults", path="/mpesa/b2c/v3/paymentrequest", kind="drop")
    payout_ref = queue_payout("254708000001")
    services.send_due_attempts()
    assert payout_when(payout_ref, "unknown").sends == 1
    assert transfers(house, payout_ref) == []
    later(21)
    attempt = payout_when(payout_ref, "succeeded")
    assert attempt.sends == 2
    assert len(transfers(house, payout_ref)) == 1
    assert len(told("payout_paid", str(payout_ref))) == 1


def test_a_worker_that_dies_while_sending_leaves_one_payout(house: House, later: Later) -> None:
    """Claimed and carried out by the provider, but the worker died before the answer was kept."""
    payout_ref = queue_payout("254708000008")
    from apps.payments.services import sending

    attempt = sending._claim()
    assert attempt is not None
    sending._submit(attempt)  # the answer is lost with the worker
    assert selectors.attempt_for(payout_ref).state == "sending"  # type: ignore[union-attr]
    until(lambda: transfers(house, payout_ref))
    services.send_due_attempts()
    services.verify_due_attempts()
    assert selectors.attempt_for(payout_ref).state == "sending"  # type: ignore[union-attr]
    later(61)
    payout_when(payout_ref, "unknown")
    later(121)
    found = payout_when(payout_ref, "succeeded")
    assert found.sends == 1
    assert len(transfers(house, payout_ref)) == 1


def test_a_worker_killed_in_the_middle_of_a_call_leaves_one_payout(
    house: House, later: Later
) -> None:
    """A process of its own is killed while the provider takes its time over the request."""
    path = "/mpesa/b2c/v3/paymentrequest"
    house.provider.tell("faults", path=path, kind="slow", milliseconds=3_000)
    payout_ref = queue_payout("254708000008")
    worker = start_worker(house)
    until(lambda: not is_waiting(house, path), "the other process's request", seconds=90)
    worker.kill()
    assert worker.wait() == -signal.SIGKILL
    assert selectors.attempt_for(payout_ref).state == "sending"  # type: ignore[union-attr]
    until(lambda: transfers(house, payout_ref), "the provider's own transfer", seconds=30)
    later(61)
    payout_when(payout_ref, "unknown")
    later(121)
    assert payout_when(payout_ref, "succeeded").sends == 1
    assert len(transfers(house, payout_ref)) == 1
    assert len(told("payout_paid", str(payout_ref))) == 1


def is_waiting(house: House, path: str) -> bool:
    """Whether the provider has not met the planted fault yet. Planting another one tells."""
    told = house.provider.tell("faults", path="/nowhere", kind="slow")
    return path in {fault["path"] for fault in told["waiting"]}


def start_worker(house: House) -> subprocess.Popen[bytes]:
    """Another process that sends what is due in the house's books."""
    about = connection.settings_dict
    where = f"host={about['HOST']}&port={about['PORT']}"
    program = (
        "import django; django.setup()\n"
        "from apps.payments.services import send_due_attempts\n"
        "from apps.tenancy.contexts import inside\n"
        "from apps.tenancy.selectors import tenant_by_slug\n"
        f"with inside(tenant_by_slug({house.tenant.slug!r})): send_due_attempts()\n"
    )
    environment = os.environ | {
        "DATABASE_URL": f"postgresql://{about['USER']}:{about['PASSWORD']}@/{about['NAME']}?{where}",
        "DJANGO_SETTINGS_MODULE": "config.settings.test",
        "PUBLIC_URL": house.inbox_url,
    }
    return subprocess.Popen([sys.executable, "-c", program], env=environment)


def test_an_unknown_payout_is_never_made_again(house: House) -> None:
    payout_ref = queue_payout("254708000007")
    services.send_due_attempts()
    count = Attempt.objects.count()
    with pytest.raises(PayoutAlreadyTried) as refused:
        services.create_payout_attempt(
            payout_ref=payout_ref,
            amount=kes(2_000),
            phone="254708000007",
            debit_account="2900",
            provider_account=PAYOUTS,
            idempotency_key=f"again:{payout_ref}",
            actor=SYSTEM,
        )
    assert refused.value.facts == {"payout_ref": str(payout_ref), "state": "unknown"}
    assert Attempt.objects.count() == count


def test_a_declined_payout_may_be_tried_again(house: House) -> None:
    payout_ref = queue_payout("254708000002")
    payout_when(payout_ref, "declined")
    receipt = services.create_payout_attempt(
        payout_ref=payout_ref,
        amount=kes(2_000),
        phone="254708000001",
        debit_account="2900",
        provider_account=PAYOUTS,
        idempotency_key=f"again:{payout_ref}",
        actor=SYSTEM,
    )
    assert not receipt.is_replay
    assert payout_when(payout_ref, "succeeded").number == 2


@pytest.mark.parametrize("amount", [Money(9_00, "KES"), Money(100_50, "KES"), kes(250_001)])
def test_amounts_the_rail_cannot_move_are_refused_before_any_call(
    house: House, amount: Money
) -> None:
    count = Attempt.objects.count()
    with pytest.raises(AmountNotPayable):
        queue_payout("254708000001", amount)
    assert Attempt.objects.count() == count


def test_asking_twice_with_one_key_queues_one_payout(house: House) -> None:
    payout_ref = new_id()
    facts: dict[str, Any] = {
        "payout_ref": payout_ref,
        "amount": kes(100),
        "phone": "0708 000 001",
        "debit_account": "2900",
        "provider_account": PAYOUTS,
        "idempotency_key": f"once:{payout_ref}",
        "actor": SYSTEM,
    }
    first, second = (services.create_payout_attempt(**facts) for _ in range(2))
    assert (first.attempt_id, second.is_replay) == (second.attempt_id, True)
    payout_when(payout_ref, "succeeded")
