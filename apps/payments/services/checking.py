"""What a person may do about an attempt whose outcome is not known."""

from __future__ import annotations

from uuid import UUID

from apps.payments.connectors.base import Verifier
from apps.payments.connectors.registry import connector, file_rails
from apps.payments.domain import schedule
from apps.payments.domain.states import CHECKABLE, AttemptState, Direction
from apps.payments.errors import NotCheckable
from apps.payments.models import Attempt
from apps.payments.services.learning import locked_attempt
from apps.platform import audit, clock
from apps.platform.actors import Actor
from apps.platform.ids import public_id
from apps.platform.use_cases import use_case
from apps.tenancy.workers import wake

VERIFY_TASK = "payments.verify_due_attempts"


@use_case("payments.check_attempt_now")
def check_attempt_now(*, attempt_id: UUID, actor: Actor) -> None:
    """Ask the provider about an attempt at once instead of when its next check is due.

    Asking is always safe: it moves nothing. One that people investigate is asked about once more.
    Refused with ``NotCheckable`` when there is nothing to ask about, or nobody to ask.
    """
    name = public_id("att", attempt_id)
    if not Attempt.objects.filter(id=attempt_id).exists():
        raise NotCheckable(attempt=name, state="missing")
    attempt = locked_attempt(attempt_id)
    rail = attempt.provider_account.connector
    can_ask = isinstance(connector(rail), Verifier) and rail not in file_rails()
    if attempt.state not in (*CHECKABLE, AttemptState.INVESTIGATE) or not can_ask:
        raise NotCheckable(attempt=name, state=attempt.state)
    attempt.checks = max(attempt.checks, 1)
    if attempt.state == AttemptState.INVESTIGATE:
        attempt.state = AttemptState.UNKNOWN
        attempt.checks = schedule.last_check(Direction(attempt.direction))
    attempt.next_check_at = clock.now()
    attempt.save(update_fields=["state", "checks", "next_check_at"])
    wake(VERIFY_TASK)
    audit.note(name)
