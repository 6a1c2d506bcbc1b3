"""Understanding stored callbacks: one transaction per row."""

from __future__ import annotations

from uuid import UUID

import structlog
from django.db import transaction

from apps.payments.connectors.base import Interpretation, RawCallback, WebhookReader
from apps.payments.connectors.registry import connector
from apps.payments.domain import phones, schedule
from apps.payments.domain.states import CallbackState
from apps.payments.errors import CallbackContradicts, UnknownCallback
from apps.payments.errors.operations import (
    NotGenuine,
)
from apps.payments.models import Attempt, Callback
from apps.payments.selectors.contexts import view_of
from apps.payments.services.learning import Lesson, hear, locked_attempt
from apps.payments.services.news import hear_news
from apps.platform import audit, clock
from apps.platform.actors import Actor, ActorKind
from apps.platform.errors import DomainError, Kind
from apps.platform.ids import public_id
from apps.platform.use_cases import use_case

logger = structlog.get_logger("house.payments")
PROCESS_BATCH = 200


def process_callbacks(*, limit: int = PROCESS_BATCH) -> int:
    """Process callbacks that are due, at most ``limit``; answers how many were looked at.

    Safe in many workers: a row is locked while it is worked on, and its effects commit with it. A
    row that cannot be processed is tried again later and is dead after eight tries.
    """
    looked_at = 0
    while looked_at < limit:
        due = Callback.objects.filter(state=CallbackState.NEW, next_try_at__lte=clock.now())
        candidates = list(due.order_by("next_try_at", "id").values_list("id", flat=True)[:limit])
        if not candidates:
            break
        for callback_id in candidates:
            _try(callback_id)
        looked_at += len(candidates)
    return looked_at


def _try(callback_id: UUID) -> None:
    provider = Actor(ActorKind.PROVIDER, "callback")
    try:
        _process(callback_id=callback_id, actor=provider)
    except CallbackContradicts as contradiction:
        _put_aside(callback_id, CallbackState.QUARANTINED, str(contradiction))
    except Exception as error:
        if isinstance(error, DomainError) and error.kind is Kind.UNAVAILABLE:
            _put_off(callback_id, str(error))
            return
        logger.exception("payments.callback_failed", callback=public_id("cb", callback_id))
        _put_aside(callback_id, None, f"{type(error).__name__}: {error}")


def _put_off(callback_id: UUID, why: str) -> None:
    """What it needs is away for now (posting is stopped, say): that uses up no try."""
    logger.info("payments.callback_waits", callback=public_id("cb", callback_id), why=why)
    with transaction.atomic():
        Callback.objects.filter(id=callback_id, state=CallbackState.NEW).update(
            last_error=why[:300], next_try_at=clock.now() + schedule.CALLBACK_WAITS
        )


@use_case("payments.process_callback")
def _process(*, callback_id: UUID, actor: Actor) -> None:
    row = (
        Callback.objects.select_for_update(of=("self",), skip_locked=True)
        .select_related("provider_account")
        .filter(id=callback_id, state=CallbackState.NEW)
        .first()
    )
    if row is None:
        audit.nothing_happened()
        return
    is_new = _hear_attempt(row, row.attempt_id, actor) if row.attempt_id else hear_news(row, actor)
    row.state = CallbackState.DONE if is_new else CallbackState.IGNORED
    row.tries += 1
    row.processed_at = clock.now()
    row.save(update_fields=["state", "tries", "processed_at"])
    audit.note(public_id("cb", row.id), state=row.state)


def _hear_attempt(row: Callback, attempt_id: UUID, actor: Actor) -> bool:
    attempt = locked_attempt(attempt_id)
    said = _read(row, attempt)
    if said.payer and not phones.fits(said.payer, attempt.phone):
        raise CallbackContradicts(field="phone")
    return hear(attempt, Lesson(said.result, "callback", actor, row))


def _read(row: Callback, attempt: Attempt) -> Interpretation:
    rail = connector(row.provider_account.connector)
    if not isinstance(rail, WebhookReader):
        raise TypeError(f"{rail.code} does not call back")
    return rail.interpret(RawCallback(row.kind, bytes(row.body)), view_of(attempt))


def _put_aside(callback_id: UUID, state: CallbackState | None, why: str) -> None:
    """After the row's transaction was rolled back: quarantine it, or try again later."""
    with transaction.atomic():
        row = Callback.objects.select_for_update().get(id=callback_id)
        if row.state != CallbackState.NEW:
            return
        row.tries += 1
        row.last_error = why[:300]
        again = schedule.next_callback_try(row.tries, clock.now()) if state is None else None
        if again is not None:
            row.next_try_at = again
        else:
            row.state = state or CallbackState.DEAD
        row.save(update_fields=["tries", "last_error", "next_try_at", "state"])


@use_case("payments.replay_callback")
def replay_callback(*, callback_id: UUID, actor: Actor) -> None:
    """Have a dead or quarantined callback processed again by the present code.

    Replaying never books twice: events are named by the provider's own references. What was not
    genuine when it came is refused with ``NotGenuine``.
    """
    row = Callback.objects.select_for_update().filter(id=callback_id).first()
    if row is None:
        raise UnknownCallback
    if not row.is_genuine:
        raise NotGenuine(callback=public_id("cb", row.id))
    if row.state in (CallbackState.DEAD, CallbackState.QUARANTINED):
        row.state, row.tries, row.next_try_at = CallbackState.NEW, 0, clock.now()
        row.save(update_fields=["state", "tries", "next_try_at"])
        audit.note(public_id("cb", row.id))
    else:
        audit.nothing_happened()
