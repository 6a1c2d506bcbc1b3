"""What takes two people: an exception for a closed period, and opening it again."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from apps.identity.services import require_step_up
from apps.ledger.domain.periods import PeriodState, RequestKind, RequestState
from apps.ledger.errors import (
    ExpiryNotAhead,
    FourEyes,
    PeriodCannotMove,
    PeriodNotFound,
    RequestDecided,
)
from apps.ledger.events import PeriodExceptionGranted, PeriodReopened
from apps.ledger.models import Period, PeriodRequest
from apps.ledger.services.periods import locked_period, stop_posting
from apps.ledger.services.persons import deciding_person, person_behind
from apps.ledger.services.retries import again_when_in_the_way
from apps.platform import audit, clock
from apps.platform.actors import Actor
from apps.platform.events import record
from apps.platform.ids import public_id
from apps.platform.use_cases import use_case

#: An exception that nobody remembers is a hole: it ends by itself.
EXCEPTION_LIFE_MAX = timedelta(days=31)


@use_case("ledger.request_reopening")
def request_reopening(*, period_id: UUID, reason: str, actor: Actor) -> UUID:
    """Ask a second person to open a softly closed period again. Returns the request's id.

    Asking while a request waits answers with that one.
    """
    period = _softly_closed(period_id, "open")
    waiting = period.requests.filter(
        kind=RequestKind.REOPEN, state=RequestState.REQUESTED, closing=period.closings
    ).first()
    if waiting is not None:
        audit.nothing_happened()
        return waiting.id
    return _ask(period, RequestKind.REOPEN, reason, actor)


@use_case("ledger.request_exception")
def request_exception(
    *,
    period_id: UUID,
    reason: str,
    expires_at: datetime,
    actor: Actor,
    kinds: Sequence[str] = (),
    user_ids: Sequence[UUID] = (),
) -> UUID:
    """Ask a second person to let some people or kinds post into a softly closed period.

    No kinds means every kind, no users everyone. It holds until ``expires_at`` or until the period
    is closed anew. Returns the request's id.
    """
    now = clock.now()
    if not now < expires_at <= now + EXCEPTION_LIFE_MAX:
        raise ExpiryNotAhead(expires_at=expires_at)
    period = _softly_closed(period_id, "exception")
    return _ask(
        period,
        RequestKind.EXCEPTION,
        reason,
        actor,
        kinds=sorted(set(kinds)),
        user_ids=list(user_ids),
        expires_at=expires_at,
    )


@again_when_in_the_way
@use_case("ledger.decide_period_request")
def decide_period_request(
    *,
    request_id: UUID,
    approve: bool,
    comment: str,
    step_up_at: datetime | None,
    actor: Actor,
) -> None:
    """Grant or refuse what another person asked about a period.

    Granting needs a second factor given within the last five minutes. Who asked never decides; the
    database refuses the same on its own. A granted reopening opens the period at once.
    """
    person = deciding_person(actor)
    asked = _asked(request_id)
    if approve:
        require_step_up(step_up_at=step_up_at)
        if asked.kind == RequestKind.REOPEN:
            stop_posting()
    period = locked_period(asked.period_id)
    request = PeriodRequest.objects.select_for_update().get(id=request_id)
    if request.state != RequestState.REQUESTED or request.closing != period.closings:
        raise RequestDecided(state=request.state)
    if request.maker_person == person:
        raise FourEyes(maker=request.maker)
    request.state = RequestState.APPROVED if approve else RequestState.REJECTED
    request.decider_person, request.decider = person, str(actor)
    request.comment = comment
    request.step_up_at = step_up_at if approve else None
    request.decided_at = clock.now()
    request.save()
    audit.note(
        public_id("per", period.id), request=public_id("prq", request.id), state=request.state
    )
    if approve:
        _carry_out(period, request)


@use_case("ledger.end_period_request")
def end_period_request(*, request_id: UUID, actor: Actor) -> None:
    """Withdraw a request that waits, or end an exception before its time. Repeating does nothing.

    Narrowing takes one person: nothing is let in by it.
    """
    _asked(request_id)
    request = PeriodRequest.objects.select_for_update().get(id=request_id)
    if request.state == RequestState.REQUESTED:
        request.state = RequestState.WITHDRAWN
    elif request.state == RequestState.APPROVED and request.kind == RequestKind.EXCEPTION:
        request.state = RequestState.REVOKED
    elif request.state in (RequestState.WITHDRAWN, RequestState.REVOKED):
        audit.nothing_happened()
        return
    else:
        raise RequestDecided(state=request.state)
    request.ended_at = clock.now()
    request.save(update_fields=["state", "ended_at"])
    audit.note(
        public_id("per", request.period_id),
        request=public_id("prq", request.id),
        state=request.state,
    )


def _softly_closed(period_id: UUID, wanted: str) -> Period:
    period = locked_period(period_id)
    if period.state != PeriodState.SOFT_CLOSED:
        raise PeriodCannotMove(period=period.name, from_state=period.state, to_state=wanted)
    return period


def _asked(request_id: UUID) -> PeriodRequest:
    request = PeriodRequest.objects.filter(id=request_id).first()
    if request is None:
        raise PeriodNotFound(reference=public_id("prq", request_id))
    return request


def _ask(period: Period, kind: RequestKind, reason: str, actor: Actor, **facts: object) -> UUID:
    request = PeriodRequest.objects.create(
        period=period,
        closing=period.closings,
        kind=kind,
        reason=reason,
        maker_person=person_behind(actor),
        maker=str(actor),
        requested_at=clock.now(),
        **facts,
    )
    audit.note(public_id("per", period.id), request=public_id("prq", request.id), kind=kind)
    return request.id


def _carry_out(period: Period, request: PeriodRequest) -> None:
    id = public_id("per", period.id)
    if request.kind == RequestKind.EXCEPTION:
        event: object = PeriodExceptionGranted(
            period_id=id,
            period=period.name,
            request_id=public_id("prq", request.id),
            kinds=request.kinds,
            reason=request.reason,
            expires_at=(request.expires_at or clock.now()).isoformat(),
        )
    else:
        if Period.objects.filter(starts__gt=period.ends).exclude(state="open").exists():
            raise PeriodCannotMove(period=period.name, from_state=period.state, to_state="open")
        period.state = PeriodState.OPEN
        period.save(update_fields=["state"])
        event = PeriodReopened(
            period_id=id,
            period=period.name,
            starts=period.starts,
            ends=period.ends,
            reason=request.reason,
        )
    record(event, aggregate=id)  # type: ignore[arg-type]  # one of the two above
