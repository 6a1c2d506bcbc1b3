"""Revaluation: a dry run that is kept, a second person, an entry, and its reversal the next day."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from uuid import UUID

from apps.identity.services import require_step_up
from apps.ledger.domain import REVERSAL, AccountClass, EntryDraft, PostingDraft
from apps.ledger.domain.fx import MONETARY, REVALUATION_KIND, Line, RunState, revaluation_legs
from apps.ledger.domain.periods import Late
from apps.ledger.errors.fx import (
    RevaluationChanged,
    RevaluationNotFound,
    RevaluationNotReady,
    RevaluationTooEarly,
)
from apps.ledger.events import RevaluationPosted
from apps.ledger.models import Account, FxRateSet, FxRevaluation, FxRevaluationLine
from apps.ledger.selectors.fx.valuation import Figures, revaluation_figures
from apps.ledger.services.fx.accounts import open_missing
from apps.ledger.services.fx.people import person_behind, second_person
from apps.ledger.services.posting import Instruction, write
from apps.ledger.services.retries import again_when_in_the_way
from apps.platform import audit, clock
from apps.platform.actors import Actor
from apps.platform.events import record
from apps.platform.ids import public_id
from apps.platform.locks import take_turns
from apps.platform.money import Money
from apps.platform.tenant import current_tenant
from apps.platform.use_cases import use_case

_OPEN = (RunState.DRAFT, RunState.APPROVED)


@use_case("ledger.draft_revaluation")
def draft_revaluation(
    *,
    as_of: date,
    actor: Actor,
    classes: Sequence[AccountClass] = MONETARY,
    excluded: Sequence[str] = (),
) -> UUID:
    """Keep a dry run for the end of a day, to be approved; returns its id.

    Running again with the same figures answers with the run that is open; with others it takes
    that one's place. What a posted run of the day has booked is taken into account, so a run after
    late entries books the rest. Refuses with ``RatesMissing``, naming each missing rate.
    """
    if as_of > clock.today(current_tenant().zone):
        raise RevaluationTooEarly(as_of=as_of.isoformat())
    take_turns(f"fx-revaluation:{as_of}")
    figures = revaluation_figures(as_of=as_of, classes=classes, excluded=excluded)
    digest = figures.digest()
    standing = FxRevaluation.objects.select_for_update().filter(as_of=as_of, state__in=_OPEN)
    for run in standing:
        if run.digest == digest and run.classes == list(classes):
            audit.nothing_happened()
            return run.id
        run.state = RunState.SUPERSEDED
        run.save(update_fields=["state"])
    run = FxRevaluation.objects.create(
        as_of=as_of,
        reversal_date=as_of + timedelta(days=1),
        rate_set=_rate_set(figures),
        functional_currency=figures.functional,
        classes=list(classes),
        excluded=list(excluded),
        result_minor=figures.result.minor,
        digest=digest,
        maker_name=str(actor),
        maker_person=person_behind(actor),
        created_at=clock.now(),
    )
    _keep_lines(run, figures.lines)
    audit.note(public_id("rev", run.id), as_of=as_of.isoformat(), result=str(figures.result))
    return run.id


@use_case("ledger.approve_revaluation")
def approve_revaluation(
    *, revaluation_id: UUID, digest: str, step_up_at: datetime | None, actor: Actor
) -> None:
    """Approve the figures a person was shown. The maker, by person, is refused.

    Asks for a second factor given within the last five minutes. Refuses with
    ``RevaluationChanged`` when the books or the rates say something else by now.
    """
    run = _locked(revaluation_id, RunState.DRAFT)
    person = second_person(actor, run.maker_person, "revaluation")
    require_step_up(step_up_at=step_up_at)
    _unchanged(run, digest)
    run.state = RunState.APPROVED
    run.approver_name = str(actor)
    run.approver_person = person
    run.step_up_at = step_up_at
    run.approved_at = clock.now()
    run.save()
    audit.note(public_id("rev", run.id), digest=run.digest)


@again_when_in_the_way
@use_case("ledger.post_revaluation")
def post_revaluation(*, revaluation_id: UUID, actor: Actor) -> None:
    """Post an approved run and, with the next day's value date, its reversal.

    Touches functional-currency accounts only: valuation accounts against the unrealised result.
    Posting it again does nothing. Refuses with ``RevaluationChanged`` when the figures no longer
    hold. A run without differences is posted without an entry.
    """
    run = _locked(revaluation_id, RunState.APPROVED, RunState.POSTED)
    if run.state == RunState.POSTED:
        audit.nothing_happened()
        return
    figures = _unchanged(run, run.digest)
    run.state = RunState.POSTED
    run.posted_at = clock.now()
    legs = revaluation_legs(figures.lines, figures.functional)
    if legs:
        open_missing(legs)
        run.entry_id = _entry(run, legs, actor)
        run.reversal_id = _reversal(run, legs, actor)
    run.save()
    id = public_id("rev", run.id)
    record(
        RevaluationPosted(
            revaluation_id=id,
            as_of=run.as_of,
            rate_set_id=public_id("frs", run.rate_set_id),
            result=Money(run.result_minor, run.functional_currency),
            entry_id=run.entry_id,
            reversal_id=run.reversal_id,
            reversal_date=run.reversal_date,
        ),
        aggregate=id,
    )
    audit.note(id, result=str(figures.result))


@use_case("ledger.discard_revaluation")
def discard_revaluation(*, revaluation_id: UUID, reason: str, actor: Actor) -> None:
    """Put a run aside that was not posted, and say why."""
    run = _locked(revaluation_id, *_OPEN)
    run.state = RunState.DISCARDED
    run.reason = reason.strip()[:200]
    run.save(update_fields=["state", "reason"])
    audit.note(public_id("rev", run.id), reason=run.reason)


def _locked(revaluation_id: UUID, *states: RunState) -> FxRevaluation:
    run = FxRevaluation.objects.select_for_update().filter(id=revaluation_id).first()
    id = public_id("rev", revaluation_id)
    if run is None:
        raise RevaluationNotFound(revaluation=id)
    if run.state not in states:
        raise RevaluationNotReady(revaluation=id, state=run.state)
    return run


def _unchanged(run: FxRevaluation, digest: str) -> Figures:
    """The figures again, which must be those of the run and those that were shown."""
    figures = revaluation_figures(
        as_of=run.as_of,
        classes=[AccountClass(one) for one in run.classes],
        excluded=run.excluded,
    )
    if not run.digest == digest == figures.digest():
        raise RevaluationChanged(revaluation=public_id("rev", run.id))
    return figures


def _rate_set(figures: Figures) -> FxRateSet:
    kept, _ = FxRateSet.objects.get_or_create(
        digest=figures.rates_digest(),
        defaults={
            "as_of": figures.as_of,
            "functional_currency": figures.functional,
            "rates": figures.rate_set(),
            "recorded_at": clock.now(),
        },
    )
    return kept


def _keep_lines(run: FxRevaluation, lines: Sequence[Line]) -> None:
    accounts = dict(
        Account.objects.filter(code__in=[line.account for line in lines]).values_list("code", "id")
    )
    FxRevaluationLine.objects.bulk_create(
        FxRevaluationLine(
            run=run,
            number=number,
            account_id=accounts.get(line.account),
            currency=line.currency,
            balance_minor=line.balance.minor,
            carried_minor=line.carried.minor,
            rate=line.rate,
            revalued_minor=line.revalued.minor,
            difference_minor=line.difference.minor,
        )
        for number, line in enumerate(lines, start=1)
    )


def _entry(run: FxRevaluation, legs: list[PostingDraft], actor: Actor) -> UUID:
    draft = EntryDraft(
        kind=REVALUATION_KIND,
        description=f"Revaluation at the end of {run.as_of}",
        value_date=run.as_of,
        source_event=public_id("rev", run.id),
        postings=legs,
        metadata={"rate_set": public_id("frs", run.rate_set_id), "approved_by": run.approver_name},
        approval_id=run.id,
        late=Late.REFUSE,
    )
    return _write(draft, f"fx-revaluation:{run.id}", actor, None)


def _reversal(run: FxRevaluation, legs: list[PostingDraft], actor: Actor) -> UUID:
    draft = EntryDraft(
        kind=REVERSAL,
        description=f"Reversal of the revaluation of {run.as_of}",
        value_date=run.reversal_date,
        postings=[PostingDraft(leg.account, leg.side.opposite, leg.amount) for leg in legs],
        approval_id=run.id,
        late=Late.REFUSE,
    )
    return _write(draft, f"fx-revaluation:{run.id}:reversal", actor, run.entry_id)


def _write(draft: EntryDraft, key: str, actor: Actor, reverses_id: UUID | None) -> UUID:
    instruction = Instruction(
        draft=draft, idempotency_key=key, fingerprint=draft.fingerprint(), reverses_id=reverses_id
    )
    return write([instruction], actor)[0].entry_id
