"""Sending what is queued. ``sending`` is committed before the first byte leaves."""

from __future__ import annotations

from uuid import UUID

import structlog
from django.db import transaction
from django.db.models import Exists, OuterRef, Q

from apps.payments.connectors.base import ProviderError, Result
from apps.payments.connectors.promises import submit
from apps.payments.connectors.registry import connector, file_rails
from apps.payments.domain.states import SENDABLE, AttemptState, Outcome
from apps.payments.models import Attempt, ProviderStop
from apps.payments.selectors.contexts import context_for, view_of
from apps.payments.services.gates import hold_of
from apps.payments.services.learning import Lesson, keep_exchange, learn, locked_attempt
from apps.payments.services.suspending import note_call
from apps.platform import audit, clock
from apps.platform.actors import SYSTEM, Actor
from apps.platform.errors import DomainError
from apps.platform.ids import public_id
from apps.platform.use_cases import use_case

logger = structlog.get_logger("house.payments")
SEND_BATCH = 50


def send_due_attempts(*, limit: int = SEND_BATCH) -> int:
    """Send queued attempts one after the other, at most ``limit``; answers how many left.

    Safe to run in many workers and to kill at any point: an attempt is claimed and committed as
    ``sending`` before its request leaves, and one that stays there is asked about, not sent again.
    """
    sent = 0
    while sent < limit:
        attempt = _claim()
        if attempt is None:
            break
        result = _submit(attempt)
        _record_answer(attempt_id=attempt.id, result=result, actor=SYSTEM)
        sent += 1
    return sent


def _claim() -> Attempt | None:
    """Take the next due attempt that may leave. One at a time: a claimed one leaves at once."""
    while True:
        with transaction.atomic(durable=True):
            attempt = _next_due()
            if attempt is None:
                return None
            hold = hold_of(attempt)
            if hold is None:
                attempt.state, attempt.sent_at = AttemptState.SENDING, clock.now()
                attempt.next_send_at, attempt.held = None, ""
                attempt.sends += 1
            else:
                attempt.next_send_at, attempt.held = hold.until, hold.why
            attempt.save(update_fields=["state", "sent_at", "next_send_at", "sends", "held"])
        if hold is None:
            return attempt


def _next_due() -> Attempt | None:
    stopped = ProviderStop.objects.filter(
        provider_account=OuterRef("provider_account"),
        operation=OuterRef("operation"),
        ended_at=None,
    )
    return (
        Attempt.objects.select_for_update(of=("self",), skip_locked=True)
        .select_related("provider_account", "intent", "parent", "phone_number")
        .filter(
            ~Exists(stopped),
            ~Q(provider_account__connector__in=file_rails()),
            state__in=SENDABLE,
            next_send_at__lte=clock.now(),
            provider_account__status="active",
        )
        .order_by("next_send_at", "id")
        .first()
    )


def _submit(attempt: Attempt) -> Result:
    """The one call. A connector does not raise; if ours is broken, nothing is known."""
    rail = connector(attempt.provider_account.connector)
    context, view = context_for(attempt.provider_account, attempt), view_of(attempt)
    try:
        return submit(rail, context, view)
    except DomainError as error:
        # Raised before the call: a credential that cannot be read, say.
        why = ProviderError("config.secrets", error.code, error.title, "no", "same_key")
        return Result(Outcome.NOT_SENT, error=why)
    except Exception:
        logger.exception("payments.connector_failed", attempt=public_id("att", attempt.id))
        return Result(Outcome.UNKNOWN)


@use_case("payments.record_answer")
def _record_answer(*, attempt_id: UUID, result: Result, actor: Actor) -> None:
    """Keep what the provider answered, also when a callback was faster."""
    attempt = locked_attempt(attempt_id)
    note_call(attempt, result)
    keep_exchange(attempt, "submit", result)
    learn(attempt, Lesson(result=result, source="answer", actor=actor))
    audit.note(public_id("att", attempt_id), outcome=result.outcome, state=attempt.state)
