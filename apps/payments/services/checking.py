"""What a person may do about an attempt whose outcome is not known."""

from __future__ import annotations

from uuid import UUID

from apps.payments.domain.states import CHECKABLE
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

    Asking is always safe: it moves nothing. Refused with ``NotCheckable`` when there is nothing to
    ask about.
    """
    name = public_id("att", attempt_id)
    if not Attempt.objects.filter(id=attempt_id).exists():
        raise NotCheckable(attempt=name, state="missing")
    attempt = locked_attempt(attempt_id)
    if attempt.state not in CHECKABLE:
        raise NotCheckable(attempt=name, state=attempt.state)
    attempt.checks = max(attempt.checks, 1)
    attempt.next_check_at = clock.now()
    attempt.save(update_fields=["checks", "next_check_at"])
    wake(VERIFY_TASK)
    audit.note(name)
