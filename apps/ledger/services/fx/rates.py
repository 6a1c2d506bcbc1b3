"""Rates a person enters, and the second person for those that are far off."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from apps.identity.services import require_step_up
from apps.ledger.domain.fx import DEVIATION_BPS_MAX, RateDraft, RateSource, deviation_bps
from apps.ledger.errors.fx import AlreadyDecided, ProposalNotFound, RateDiffers
from apps.ledger.models import FxRate, FxRateProposal
from apps.ledger.selectors.fx.rates import rate_book
from apps.ledger.services.fx.people import person_behind, second_person
from apps.platform import audit, clock
from apps.platform.actors import Actor
from apps.platform.ids import public_id
from apps.platform.use_cases import use_case


class Recorded(NamedTuple):
    """Either the rate that is now in force, or the proposal that waits for a second person."""

    rate_id: UUID | None
    proposal_id: UUID | None


@use_case("ledger.record_rate")
def record_rate(*, draft: RateDraft, actor: Actor) -> Recorded:
    """Record a manual rate, or propose it when it needs a second person.

    It does when it is more than ``DEVIATION_BPS_MAX`` from the rate valid when it begins, and when
    there is no such rate to compare it with. Saying the same again does nothing; another rate for
    the same pair and instant is refused with ``RateDiffers``.
    """
    draft.check()
    known = _same(draft)
    if known is not None:
        audit.nothing_happened()
        return Recorded(known, None)
    before = rate_book(draft.valid_from, draft.valid_from).mid(
        draft.base, draft.quote, draft.valid_from
    )
    deviation = deviation_bps(draft.rate, before.value) if before else None
    if deviation is not None and deviation <= DEVIATION_BPS_MAX:
        row = _record(draft, actor)
        audit.note(public_id("fxr", row.id), pair=f"{row.base}/{row.quote}", rate=str(row.rate))
        return Recorded(row.id, None)
    proposal = FxRateProposal.objects.create(
        base=draft.base,
        quote=draft.quote,
        rate=draft.rate,
        valid_from=draft.valid_from,
        valid_until=draft.valid_until,
        deviation_bps=deviation,
        maker_name=str(actor),
        maker_person=person_behind(actor),
        proposed_at=clock.now(),
    )
    audit.note(public_id("fxp", proposal.id), pair=str(proposal), deviation_bps=deviation)
    return Recorded(None, proposal.id)


@use_case("ledger.approve_rate")
def approve_rate(*, proposal_id: UUID, step_up_at: datetime | None, actor: Actor) -> UUID:
    """Put a proposed rate in force; returns its id. The maker, by person, is refused.

    Asks for a second factor given within the last five minutes.
    """
    proposal = _pending(proposal_id)
    person = second_person(actor, proposal.maker_person, "rate")
    require_step_up(step_up_at=step_up_at)
    draft = RateDraft(
        base=proposal.base,
        quote=proposal.quote,
        rate=proposal.rate,
        valid_from=proposal.valid_from,
        valid_until=proposal.valid_until,
    )
    known = _same(draft)
    rate_id = known or _record(draft, actor).id
    proposal.recorded_id = rate_id
    proposal.step_up_at = step_up_at
    _decide(proposal, "approved", person, actor)
    return rate_id


@use_case("ledger.reject_rate")
def reject_rate(*, proposal_id: UUID, reason: str, actor: Actor) -> None:
    """Decide that a proposed rate will not be used. Its maker may take it back too."""
    proposal = _pending(proposal_id)
    proposal.reason = reason.strip()[:200] or "No reason given"
    _decide(proposal, "rejected", person_behind(actor), actor)


def _pending(proposal_id: UUID) -> FxRateProposal:
    name = public_id("fxp", proposal_id)
    proposal = FxRateProposal.objects.select_for_update().filter(id=proposal_id).first()
    if proposal is None:
        raise ProposalNotFound(proposal=name)
    if proposal.state != "pending":
        raise AlreadyDecided(proposal=name, state=proposal.state)
    return proposal


def _decide(proposal: FxRateProposal, state: str, person: str, actor: Actor) -> None:
    proposal.state = state
    proposal.checker_name = str(actor)
    proposal.checker_person = person
    proposal.decided_at = clock.now()
    proposal.save()
    audit.note(public_id("fxp", proposal.id), pair=str(proposal))


def _same(draft: RateDraft) -> UUID | None:
    row = FxRate.objects.filter(
        source=RateSource.MANUAL,
        provider="",
        base=draft.base,
        quote=draft.quote,
        valid_from=draft.valid_from,
    ).first()
    if row is None:
        return None
    if (row.rate, row.valid_until) != (draft.rate, draft.valid_until):
        raise RateDiffers(
            base=draft.base,
            quote=draft.quote,
            valid_from=draft.valid_from.isoformat(),
            recorded=f"{row.rate:f}",
        )
    return row.id


def _record(draft: RateDraft, actor: Actor) -> FxRate:
    return FxRate.objects.create(
        base=draft.base,
        quote=draft.quote,
        rate=draft.rate,
        valid_from=draft.valid_from,
        valid_until=draft.valid_until,
        source=RateSource.MANUAL,
        recorded_at=clock.now(),
        recorded_by=str(actor),
    )
