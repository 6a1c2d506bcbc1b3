"""Asking what became of attempts. An unknown outcome is asked about, never repeated blindly."""

from __future__ import annotations

from uuid import UUID

import structlog
from django.db import transaction
from django.db.models import Q

from apps.payments.connectors.base import ProviderError, Result, Verifier
from apps.payments.connectors.registry import connector, file_rails
from apps.payments.domain.states import CHECKABLE, AttemptState, Direction, Outcome
from apps.payments.models import Attempt
from apps.payments.selectors.contexts import context_for, stale_before, view_of
from apps.payments.services.learning import Lesson, keep_exchange, learn, locked_attempt, next_check
from apps.platform import audit, clock
from apps.platform.actors import SYSTEM, Actor
from apps.platform.errors import DomainError
from apps.platform.ids import public_id
from apps.platform.use_cases import use_case

logger = structlog.get_logger("house.payments")
VERIFY_BATCH = 50
_OVERDUE = Result(
    Outcome.UNKNOWN,
    error=ProviderError("provider.timeout", "", "No result in time.", "unknown", "after_verify"),
)
_WAITING = (AttemptState.SENT, AttemptState.PENDING)


def verify_due_attempts(*, limit: int = VERIFY_BATCH) -> int:
    """Ask about attempts whose check is due, at most ``limit``; answers how many were looked at.

    First, attempts left in ``sending`` by a worker that died become unknown. An attempt is leased
    while it is asked about, so two workers do not ask at once; a lost lease only delays.
    """
    looked_at = _give_up_sending(limit)
    while looked_at < limit:
        attempt = _claim()
        if attempt is None:
            break
        _look_at(attempt)
        looked_at += 1
    return looked_at


def _give_up_sending(limit: int) -> int:
    stale = Attempt.objects.filter(
        ~Q(provider_account__connector__in=file_rails()),
        state=AttemptState.SENDING,
        sent_at__lt=stale_before(clock.now()),
    ).values_list("id", flat=True)[:limit]
    for attempt_id in stale:
        _note_overdue(attempt_id=attempt_id, actor=SYSTEM)
    return len(stale)


@use_case("payments.note_overdue")
def _note_overdue(*, attempt_id: UUID, actor: Actor) -> None:
    """Whatever became of it, we have not been told in time."""
    attempt = locked_attempt(attempt_id)
    if attempt.state not in _WAITING and not _is_stale(attempt):
        audit.nothing_happened()
        return
    attempt.checks += 1
    learn(attempt, Lesson(result=_OVERDUE, source="system", actor=actor))
    audit.note(public_id("att", attempt_id), state=attempt.state)


def _is_stale(attempt: Attempt) -> bool:
    is_sending = attempt.state == AttemptState.SENDING
    return (
        is_sending and attempt.sent_at is not None and attempt.sent_at < stale_before(clock.now())
    )


def _claim() -> Attempt | None:
    with transaction.atomic(durable=True):
        now = clock.now()
        attempt = (
            Attempt.objects.select_for_update(of=("self",), skip_locked=True)
            .select_related("provider_account", "intent", "parent", "phone_number")
            .filter(
                ~Q(provider_account__connector__in=file_rails()),
                state__in=CHECKABLE,
                next_check_at__lte=now,
            )
            .order_by("next_check_at", "id")
            .first()
        )
        if attempt is not None:
            attempt.next_check_at = now + (now - stale_before(now))
            attempt.save(update_fields=["next_check_at"])
    return attempt


def _look_at(attempt: Attempt) -> None:
    """The first look at a payout only notes that its result is overdue."""
    is_first = attempt.checks == 0 and attempt.state in _WAITING
    if attempt.direction == Direction.OUT and is_first:
        _note_overdue(attempt_id=attempt.id, actor=SYSTEM)
        return
    try:
        result = _ask(attempt)
        _record_verdict(attempt_id=attempt.id, result=result, actor=SYSTEM)
    except DomainError:
        # The lease stands, so the attempt comes up again; one refusal must not stop the others.
        logger.exception("payments.verdict_refused", attempt=public_id("att", attempt.id))


def _ask(attempt: Attempt) -> Result:
    rail = connector(attempt.provider_account.connector)
    if not isinstance(rail, Verifier):
        raise TypeError(f"{rail.code} cannot be asked")
    try:
        return rail.verify(context_for(attempt.provider_account, attempt), view_of(attempt))
    except DomainError:
        raise
    except Exception:
        logger.exception("payments.connector_failed", attempt=public_id("att", attempt.id))
        return Result(Outcome.UNKNOWN, is_unreachable=True)


@use_case("payments.record_verdict")
def _record_verdict(*, attempt_id: UUID, result: Result, actor: Actor) -> None:
    """Learn from the answer and plan the next check.

    A provider that could not be reached does not use up a check. When all are used up, people
    investigate.
    """
    attempt = locked_attempt(attempt_id)
    keep_exchange(attempt, "verify", result)
    learn(attempt, Lesson(result=result, source="query", actor=actor))
    if attempt.state in CHECKABLE:
        _plan_next(attempt, result, actor)
    audit.note(public_id("att", attempt_id), outcome=result.outcome, state=attempt.state)


def _plan_next(attempt: Attempt, result: Result, actor: Actor) -> None:
    if result.is_unreachable:
        attempt.unreachable_checks += 1
    else:
        attempt.checks += 1
    attempt.next_check_at = next_check(attempt, clock.now())
    if attempt.next_check_at is None:
        learn(attempt, Lesson(result=_OVERDUE, source="system", actor=actor))
        attempt.state, attempt.next_check_at = AttemptState.INVESTIGATE, None
    attempt.save()
