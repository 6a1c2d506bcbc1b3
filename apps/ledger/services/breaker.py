"""Stopping all posting of a tenant, and letting it go on."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from apps.identity.services import require_step_up
from apps.ledger.errors import ExplanationMissing, PostingNotStopped
from apps.ledger.events import PostingResumed, PostingWasStopped
from apps.ledger.models import PostingBreaker
from apps.platform import audit, clock
from apps.platform.actors import Actor, ActorKind
from apps.platform.events import record
from apps.platform.ids import public_id
from apps.platform.locks import take_turns
from apps.platform.use_cases import use_case

REASON_MAX = 300


@use_case("ledger.stop_posting")
def stop_posting(*, reason: str, actor: Actor, checks: Sequence[str] = ()) -> None:
    """Refuse every posting of this tenant from the moment this commits, until a person resumes.

    ``checks`` names the laws of the books that do not hold. Stopping what is stopped changes
    nothing: the first reason stands. A transaction that was already writing may still commit.
    """
    if not reason.strip():
        raise ExplanationMissing
    take_turns("ledger:posting-breaker")
    if PostingBreaker.objects.filter(closed_at=None).exists():
        audit.nothing_happened()
        return
    row = PostingBreaker.objects.create(
        reason=reason.strip()[:REASON_MAX],
        checks=sorted(set(checks)),
        opened_by=str(actor),
        opened_at=clock.now(),
    )
    reference = public_id("stop", row.id)
    record(PostingWasStopped(reason=row.reason, checks=tuple(row.checks)), aggregate=reference)
    audit.note(reference, reason=row.reason, checks=row.checks)


@use_case("ledger.resume_posting")
def resume_posting(*, reason: str, step_up_at: datetime | None, actor: Actor) -> None:
    """Let the tenant post again. A person's decision, with a reason and a fresh second factor.

    ``PostingNotStopped`` when it is not. The database refuses a resumption without any of these.
    """
    if actor.kind is not ActorKind.PERSON or actor.id is None:
        raise ValueError("only a person resumes posting")
    require_step_up(step_up_at=step_up_at)
    if not reason.strip():
        raise ExplanationMissing
    row = PostingBreaker.objects.select_for_update().filter(closed_at=None).first()
    if row is None:
        raise PostingNotStopped
    row.closed_by, row.closed_by_id, row.closed_at = str(actor), actor.id, clock.now()
    row.closing_reason, row.step_up_at = reason.strip()[:REASON_MAX], step_up_at
    row.save()
    reference = public_id("stop", row.id)
    record(PostingResumed(reason=row.closing_reason), aggregate=reference)
    audit.note(reference, reason=row.closing_reason)
