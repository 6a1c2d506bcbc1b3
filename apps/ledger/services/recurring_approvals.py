"""Other people let a recurring entry in."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from apps.identity.selectors import person_by_username
from apps.identity.services import require_step_up
from apps.ledger.domain.recurring import ScheduleState
from apps.ledger.errors import ApproverRoleMissing
from apps.ledger.errors.recurring import (
    RecurringCannotMove,
    RecurringChanged,
    RecurringSelfApproval,
)
from apps.ledger.models import RecurringApproval
from apps.ledger.selectors.approvals import approvals_needed
from apps.ledger.selectors.recurring import draft_of
from apps.ledger.services.persons import deciding_person
from apps.ledger.services.recurring import locked_recurring, move
from apps.platform import audit, clock
from apps.platform.actors import Actor
from apps.platform.ids import public_id
from apps.platform.use_cases import use_case


@use_case("ledger.approve_recurring")
def approve_recurring(
    *, recurring_id: UUID, digest: str, step_up_at: datetime | None, actor: Actor
) -> str:
    """Approve a draft as it was shown; returns its state: active after the last approval.

    ``digest`` is of what the person saw. Needs a second factor given within the last five minutes.
    Its maker never approves; the database refuses the same on its own. Approving again counts once.
    Rules that have become stricter since it was written are asked again.
    """
    row = locked_recurring(recurring_id)
    reference = public_id("rec", row.id)
    person = deciding_person(actor)
    given = row.approvals.filter(digest=row.digest)
    if given.filter(person=person).exists():
        audit.nothing_happened()
        return row.state
    if row.state != ScheduleState.DRAFT:
        raise RecurringCannotMove(
            recurring=reference, from_state=row.state, to_state=ScheduleState.ACTIVE
        )
    if person == row.maker_person:
        raise RecurringSelfApproval(recurring=reference)
    if digest != row.digest:
        raise RecurringChanged(recurring=reference)
    _check_role(row.roles_needed, actor)
    require_step_up(step_up_at=step_up_at)
    RecurringApproval.objects.create(
        recurring=row,
        person=person,
        user_id=actor.id,  # type: ignore[misc]  # a deciding person has one
        user_name=actor.name,
        digest=digest,
        step_up_at=step_up_at,
        decided_at=clock.now(),
    )
    now = approvals_needed(draft_of(row).ruled())
    if given.count() >= max(row.approvals_needed, now.approvals if now else 0):
        move(row, ScheduleState.ACTIVE)
        row.save(update_fields=["state"])
    audit.note(reference, digest=digest, state=row.state)
    return row.state


def _check_role(roles: list[str], actor: Actor) -> None:
    user = person_by_username(actor.name) if roles else None
    if roles and (user is None or not set(user.roles) & set(roles)):
        raise ApproverRoleMissing(roles=roles)
