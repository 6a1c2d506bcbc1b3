"""Two people let money out."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from apps.identity.selectors import person_of
from apps.identity.services import require_step_up
from apps.platform import audit, clock
from apps.platform.actors import Actor
from apps.platform.events import record
from apps.platform.ids import public_id
from apps.platform.use_cases import use_case
from apps.settlements.domain import BatchState, Decision, DisbursementState
from apps.settlements.errors import (
    AlreadyDecided,
    ContentsChanged,
    ForbiddenTransition,
    ReasonMissing,
    SelfApproval,
)
from apps.settlements.events import BatchDecided
from apps.settlements.models import Approval, Batch
from apps.settlements.services.locking import locked_batch
from apps.settlements.services.submitting import digest_of
from apps.settlements.services.transitions import move, move_lines


@use_case("settlements.decide_batch")
def decide_batch(
    *,
    batch_id: UUID,
    decision: Decision,
    digest: str,
    comment: str,
    step_up_at: datetime | None,
    actor: Actor,
) -> str:
    """Approve, send back or reject a batch; returns the batch's state afterwards.

    ``digest`` is of the lines the person was shown. Approving needs a second factor given within
    the last five minutes. The maker, by person, never decides; nobody decides twice; the database
    refuses the same on its own.
    """
    batch = locked_batch(batch_id)
    if actor.id is None:
        raise ValueError("only a person decides")
    person = person_of(actor.id)
    _check(batch, decision, digest, comment, person)
    if decision is Decision.APPROVE:
        require_step_up(step_up_at=step_up_at)
    Approval.objects.create(
        batch=batch,
        round=batch.round,
        decision=decision,
        person=person,
        user_id=actor.id,
        user_name=actor.name,
        digest=digest,
        comment=comment,
        step_up_at=step_up_at if decision is Decision.APPROVE else None,
        decided_at=clock.now(),
    )
    _carry_out(batch, decision, comment, actor)
    record(
        BatchDecided(
            batch_id=public_id("bat", batch.id),
            reference=batch.reference,
            decision=decision,
            state=batch.state,
        ),
        aggregate=public_id("bat", batch.id),
    )
    audit.note(public_id("bat", batch.id), decision=decision, digest=digest)
    return batch.state


def _check(batch: Batch, decision: Decision, digest: str, comment: str, person: str) -> None:
    if batch.state != BatchState.IN_APPROVAL:
        raise ForbiddenTransition(
            what="batch", reference=batch.reference, from_state=batch.state, to_state=decision
        )
    if person == batch.maker_person or person in batch.editors:
        raise SelfApproval(batch=batch.reference)
    if digest != batch.digest or digest_of(batch) != batch.digest:
        raise ContentsChanged(batch=batch.reference)
    if batch.approvals.filter(round=batch.round, person=person).exists():
        raise AlreadyDecided(batch=batch.reference)
    if decision is not Decision.APPROVE and not comment.strip():
        raise ReasonMissing(reference=batch.reference)


def _carry_out(batch: Batch, decision: Decision, comment: str, actor: Actor) -> None:
    match decision:
        case Decision.APPROVE:
            given = batch.approvals.filter(round=batch.round, decision=Decision.APPROVE).count()
            if given < batch.approvals_needed:
                return
            _move_all(batch, BatchState.APPROVED, DisbursementState.APPROVED, actor, comment)
        case Decision.SEND_BACK:
            _move_all(batch, BatchState.OPEN, DisbursementState.DRAFT, actor, comment)
        case Decision.REJECT:
            _move_all(batch, BatchState.REJECTED, DisbursementState.CANCELLED, actor, comment)


def _move_all(
    batch: Batch,
    state: BatchState,
    line_state: DisbursementState,
    actor: Actor,
    reason: str,
) -> None:
    move_lines(batch, line_state, actor, reason)
    move(batch, state, actor, reason)
    batch.save(update_fields=["state"])
