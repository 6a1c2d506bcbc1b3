"""What became of the payouts: told, told late, told wrongly, or asked about."""

from __future__ import annotations

from datetime import timedelta

import pytest

from apps.payments.models import Attempt
from apps.platform import clock
from apps.platform.actors import SYSTEM, Actor
from apps.settlements import services
from apps.settlements.domain import PayeeKind, PayoutDetails
from apps.settlements.models import Batch, Break, Disbursement, Payee
from apps.settlements.selectors import disbursements_in_transit, settlements_violations
from tests.settlements.world import balance, image, kes, line_of, owe, post, released, verify

pytestmark = pytest.mark.usefixtures("books")


@pytest.fixture
def batch(amina: Actor, brian: Actor) -> Batch:
    """Two payouts on their way: R1 1,250 and R2 700."""
    return released(amina, brian)


def paid(line: Disbursement) -> None:
    """Payments books the payout in the same breath as its event; here, by hand."""
    post("2900", "1110", line.amount_minor // 100)
    heard_paid(line)


def heard_paid(line: Disbursement) -> None:
    services.note_payout_paid(disbursement_id=line.id, provider_reference="SKX1", actor=SYSTEM)


def failed(line: Disbursement) -> None:
    services.note_payout_failed(disbursement_id=line.id, code="declined.receiver", actor=SYSTEM)


def unknown(line: Disbursement) -> None:
    services.note_payout_unknown(disbursement_id=line.id, actor=SYSTEM)


def state_of(batch: Batch) -> tuple[str, list[str]]:
    batch.refresh_from_db()
    return batch.state, [line.state for line in batch.disbursements.order_by("payee__reference")]


def test_all_paid_settles_the_batch(batch: Batch) -> None:
    paid(line_of(batch, "R1"))
    assert state_of(batch) == ("released", ["paid", "reserved"])
    paid(line_of(batch, "R2"))
    assert state_of(batch) == ("settled", ["paid", "paid"])
    assert (balance("2900"), balance("1110")) == (0, kes(100_000 - 1_950).minor)
    before = image()
    heard_paid(line_of(batch, "R1"))
    unknown(line_of(batch, "R1"))
    failed(line_of(batch, "R1"))
    assert image() == before
    assert settlements_violations() == []


def test_what_failed_is_owed_again(batch: Batch, amina: Actor) -> None:
    paid(line_of(batch, "R1"))
    failed(line_of(batch, "R2"))
    assert state_of(batch) == ("closed_with_exceptions", ["paid", "failed"])
    assert (balance("2900"), balance("2100.R2")) == (0, kes(700).minor)
    before = image()
    failed(line_of(batch, "R2"))
    assert image() == before


def test_unknown_keeps_the_money_in_transit(batch: Batch) -> None:
    unknown(line_of(batch, "R1"))
    paid(line_of(batch, "R2"))
    assert state_of(batch) == ("released", ["unknown", "paid"])
    assert (balance("2900"), balance("2100.R1")) == (kes(1_250).minor, 0)
    assert disbursements_in_transit() == [(kes(1_250), 1, 1)]
    failed(line_of(batch, "R1"))
    assert (balance("2900"), balance("2100.R1")) == (0, kes(1_250).minor)


def test_a_late_success_is_taken_back_and_shown(batch: Batch) -> None:
    paid(line_of(batch, "R1"))
    failed(line_of(batch, "R2"))
    paid(line_of(batch, "R2"))
    assert state_of(batch) == ("settled", ["paid", "paid"])
    assert (balance("2900"), balance("2100.R2"), balance("2800")) == (0, 0, 0)
    found = Break.objects.get()
    assert (found.kind, found.amount_minor) == ("late_success", kes(700).minor)


def test_a_late_success_after_paying_again_stands_in_suspense(batch: Batch) -> None:
    failed(line_of(batch, "R2"))
    post("2100.R2", "3000", 500)  # most of it has been paid on another way meanwhile
    paid(line_of(batch, "R2"))
    assert (balance("2100.R2"), balance("2800")) == (0, -kes(500).minor)
    assert Break.objects.get().kind == "late_success"


def follow_up(seconds: int = 60) -> int:
    ahead = clock.now() + timedelta(seconds=seconds)
    with clock.reading(lambda: ahead):
        return services.follow_up_payouts()


def test_late_events_are_asked_about(batch: Batch) -> None:
    one, two = line_of(batch, "R1"), line_of(batch, "R2")
    assert follow_up(seconds=5) == 0
    assert follow_up() == 0  # payments does not know either
    Attempt.objects.filter(payout_ref=one.id).update(state="sending")
    Attempt.objects.filter(payout_ref=one.id).update(state="unknown")
    Attempt.objects.filter(payout_ref=two.id).update(state="declined", code="declined.receiver")
    assert follow_up() == 2
    assert state_of(batch) == ("released", ["unknown", "failed"])
    assert follow_up() == 0


def test_a_payee_is_found_by_facts_and_paid_at_the_newest_verified_number(amina: Actor) -> None:
    account = owe("R8", 400)
    assert account == "2100.R8"
    payee = Payee.objects.get(reference="R8")
    before = image()
    services.register_payee(
        reference="R8",
        name="Restaurant R8",
        kind=PayeeKind.RESTAURANT,
        details=PayoutDetails.to_phone("254799999999"),
        currency="KES",
        actor=SYSTEM,
    )
    assert image() == before
    version = services.change_payee_details(
        payee_id=payee.id, details=PayoutDetails.to_phone("0711 111 111"), actor=amina
    )
    verify("R8")
    batch_id = services.draft_payables_batch(
        provider_account="mpesa-payouts", currency="KES", actor=amina
    )
    line = Disbursement.objects.get(batch=batch_id, payee=payee)
    assert (version, line.beneficiary.phone) == (2, "254711111111")
