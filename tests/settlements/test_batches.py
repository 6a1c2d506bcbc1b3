"""From what is owed to money on its way, and what is refused on the way."""

from __future__ import annotations

import pytest

from apps.identity.errors import StepUpRequired
from apps.ledger.errors import InsufficientFunds
from apps.payments.selectors import attempt_for
from apps.platform.actors import SYSTEM, Actor
from apps.platform.errors import DomainError, Kind
from apps.platform.models import OutboxMessage
from apps.settlements import errors, services
from apps.settlements.domain import Decision
from apps.settlements.models import Batch, Disbursement
from apps.settlements.selectors import batches_awaiting, settlements_violations, timeline
from tests.settlements.world import (
    balance,
    decide,
    draft,
    image,
    kes,
    line_of,
    owe,
    person,
    post,
    released,
    submitted,
)

pytestmark = pytest.mark.usefixtures("books")


def refused(error: type[DomainError], batch: Batch, actor: Actor, **about: object) -> DomainError:
    """The decision is refused and nothing at all has changed."""
    before = image()
    with pytest.raises(error) as caught:
        decide(batch, actor, **about)  # type: ignore[arg-type]
    assert image() == before
    return caught.value


def test_a_batch_holds_everything_above_the_minimum_once(amina: Actor) -> None:
    batch = draft(amina)
    assert (batch.reference[:4], batch.state, batch.line_count) == ("BAT-", "open", 2)
    assert batch.total_minor == kes(1950).minor
    with pytest.raises(errors.NothingToPay):
        draft(amina)
    owe("R4", 90)
    second = draft(amina)
    assert [line.payee.reference for line in second.disbursements.all()] == ["R4"]
    assert int(second.reference[-4:]) == int(batch.reference[-4:]) + 1


def test_a_dropped_line_is_owed_again(amina: Actor) -> None:
    batch = draft(amina)
    services.drop_line(disbursement_id=line_of(batch, "R1").id, actor=amina)
    batch.refresh_from_db()
    assert (batch.line_count, batch.total_minor) == (1, kes(700).minor)
    assert draft(amina).total_minor == kes(1250).minor
    assert settlements_violations() == []


def test_an_emptied_batch_cannot_be_submitted(amina: Actor) -> None:
    batch = draft(amina)
    for line in batch.disbursements.all():
        services.drop_line(disbursement_id=line.id, actor=amina)
    before = image()
    with pytest.raises(errors.NothingToPay):
        services.submit_batch(batch_id=batch.id, actor=amina)
    assert image() == before


def test_submitting_seals_and_tells(amina: Actor) -> None:
    batch = submitted(amina)
    assert batch.state == "in_approval"
    assert {line.state for line in batch.disbursements.all()} == {"awaiting_approval"}
    told = OutboxMessage.objects.get(name="settlements.batch_submitted")
    assert told.payload["digest"] == batch.digest
    with pytest.raises(errors.ForbiddenTransition):
        services.submit_batch(batch_id=batch.id, actor=amina)
    with pytest.raises(errors.ForbiddenTransition):
        services.drop_line(disbursement_id=line_of(batch, "R1").id, actor=amina)


def test_somebody_else_approves_and_the_money_is_reserved(amina: Actor, brian: Actor) -> None:
    batch = submitted(amina)
    assert [row.reference for row in batches_awaiting(person="brian")] == [batch.reference]
    assert batches_awaiting(person="amina") == []
    assert decide(batch, brian) == "approved"
    assert batches_awaiting(person="brian") == []
    services.release_batch(batch_id=batch.id, actor=brian)
    batch.refresh_from_db()
    assert batch.state == "released"
    assert (balance("2900"), balance("2100.R1"), balance("2100.R3")) == (195_000, 0, 500)
    for line in batch.disbursements.all():
        attempt = attempt_for(line.id)
        assert attempt is not None
        assert (line.state, attempt.amount.minor) == ("reserved", line.amount_minor)
        assert [step.to_state for step in timeline(subject=line.id)] == [
            "awaiting_approval", "approved", "reserved",
        ]  # fmt: skip
    assert settlements_violations() == []


def test_the_maker_does_not_decide_whatever_the_account(amina: Actor) -> None:
    batch = submitted(amina)
    for actor in (amina, person("amina-admin", human="amina")):
        for decision in Decision:
            caught = refused(errors.SelfApproval, batch, actor, decision=decision, comment="fine")
            assert caught.kind is Kind.FORBIDDEN


def test_who_changed_the_batch_does_not_decide(amina: Actor, brian: Actor, grace: Actor) -> None:
    batch = draft(amina)
    services.drop_line(disbursement_id=line_of(batch, "R2").id, actor=brian)
    services.submit_batch(batch_id=batch.id, actor=amina)
    batch.refresh_from_db()
    refused(errors.SelfApproval, batch, brian)
    assert decide(batch, grace) == "approved"


def test_nobody_decides_twice(amina: Actor, brian: Actor, grace: Actor) -> None:
    batch = draft(amina)
    Batch.objects.filter(id=batch.id).update(approvals_needed=2)
    services.submit_batch(batch_id=batch.id, actor=amina)
    batch.refresh_from_db()
    assert decide(batch, brian) == "in_approval"
    refused(errors.AlreadyDecided, batch, brian)
    refused(errors.AlreadyDecided, batch, person("brian-2", human="brian"))
    assert decide(batch, grace) == "approved"
    refused(errors.ForbiddenTransition, batch, grace)


def test_an_approval_is_of_what_was_shown(amina: Actor, brian: Actor) -> None:
    batch = submitted(amina)
    refused(errors.ContentsChanged, batch, brian, digest="0" * 64)


@pytest.mark.parametrize("seconds_ago", [None, 301, -60])
def test_approving_needs_a_fresh_second_factor(
    amina: Actor, brian: Actor, seconds_ago: int | None
) -> None:
    refused(StepUpRequired, submitted(amina), brian, seconds_ago=seconds_ago)


def test_sent_back_is_open_again_and_earlier_approvals_are_void(
    amina: Actor, brian: Actor, grace: Actor
) -> None:
    batch = draft(amina)
    Batch.objects.filter(id=batch.id).update(approvals_needed=2)
    services.submit_batch(batch_id=batch.id, actor=amina)
    batch.refresh_from_db()
    stale = batch.digest
    decide(batch, grace)
    refused(errors.ReasonMissing, batch, brian, decision=Decision.SEND_BACK)
    assert decide(batch, brian, Decision.SEND_BACK, comment="R2 is closed") == "open"
    services.drop_line(disbursement_id=line_of(batch, "R2").id, actor=amina)
    services.submit_batch(batch_id=batch.id, actor=amina)
    batch.refresh_from_db()
    refused(errors.ContentsChanged, batch, brian, digest=stale)
    assert decide(batch, brian) == "in_approval"
    assert decide(batch, grace) == "approved"


def test_a_rejected_batch_is_over_and_its_amounts_come_up_again(amina: Actor, brian: Actor) -> None:
    batch = submitted(amina)
    assert decide(batch, brian, Decision.REJECT, comment="Not today") == "rejected"
    assert {line.state for line in batch.disbursements.all()} == {"cancelled"}
    assert draft(amina).total_minor == batch.total_minor


def test_a_batch_is_released_once_and_only_when_approved(amina: Actor, brian: Actor) -> None:
    batch = submitted(amina)
    with pytest.raises(errors.ForbiddenTransition):
        services.release_batch(batch_id=batch.id, actor=brian)
    decide(batch, brian)
    services.release_batch(batch_id=batch.id, actor=brian)
    before = image()
    with pytest.raises(errors.ForbiddenTransition):
        services.release_batch(batch_id=batch.id, actor=brian)
    assert image() == before


def test_a_release_needs_float_for_all_and_for_what_is_in_transit(
    amina: Actor, brian: Actor
) -> None:
    post("3000", "1110", 96_100)  # 3,900 stay: exactly two batches of 1,950
    released(amina, brian)
    owe("R1", 1950)
    second = released(amina, brian)
    assert second.state == "released"
    owe("R2", 10)
    batch = submitted(amina)
    decide(batch, brian)
    before = image()
    with pytest.raises(errors.FloatShort) as caught:
        services.release_batch(batch_id=batch.id, actor=brian)
    assert (caught.value.available_minor, caught.value.needed_minor) == (0, 1_000)
    assert image() == before


def test_a_payable_that_shrank_stops_the_whole_release(amina: Actor, brian: Actor) -> None:
    batch = submitted(amina)
    decide(batch, brian)
    post("2100.R2", "3000", 1)
    before = image()
    with pytest.raises(InsufficientFunds):
        services.release_batch(batch_id=batch.id, actor=brian)
    assert image() == before


def test_unknown_batches_are_not_found() -> None:
    with pytest.raises(errors.NotFound):
        services.submit_batch(batch_id=Disbursement().id, actor=SYSTEM)
