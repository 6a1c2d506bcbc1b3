"""Recurring entries: written once, let in by others, posted day by day."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from django.db.models import F

from apps.ledger.domain import EntryReceipt, fingerprint
from apps.ledger.domain.recurring import (
    EVERY_MAX,
    MOVES,
    Frequency,
    RecurringDraft,
    ScheduleState,
    occurrence_key,
)
from apps.ledger.errors import UnknownAccount
from apps.ledger.errors.recurring import (
    RecurringCannotMove,
    RecurringNotFound,
    RecurringUnsound,
)
from apps.ledger.models import Account, RecurringEntry, RecurringOccurrence
from apps.ledger.models.periods import REASON
from apps.ledger.selectors.approvals import approvals_needed
from apps.ledger.selectors.recurring import draft_of
from apps.ledger.services.persons import person_behind
from apps.ledger.services.posting import Instruction, write
from apps.ledger.services.retries import again_when_in_the_way
from apps.platform import audit, clock
from apps.platform.actors import Actor
from apps.platform.errors import DomainError
from apps.platform.ids import new_id, public_id
from apps.platform.tenant import current_tenant
from apps.platform.use_cases import use_case

#: How far ahead one may begin.
AHEAD_MAX = timedelta(days=3_660)

#: How many recurring entries one run looks at, and how many missed days of each it posts.
BATCH = 100
DAYS_MAX = 400


@use_case("ledger.draft_recurring")
def draft_recurring(*, draft: RecurringDraft, actor: Actor) -> UUID:
    """Keep a recurring entry for others to approve. Returns its id.

    It must balance, name known accounts, and have a first day. The rules of approval as they are
    now say how many must approve, at least one. What it says is never changed: end it, and write
    another.
    """
    _check(draft)
    needed = approvals_needed(draft.ruled())
    id = new_id()
    reference = public_id("rec", id)
    RecurringEntry.objects.create(
        id=id,
        description=draft.description,
        frequency=draft.rhythm.frequency,
        every=draft.rhythm.every,
        at_month_end=draft.rhythm.at_month_end,
        starts=draft.rhythm.starts,
        ends=draft.rhythm.ends,
        lines=draft.lines(),
        maker_person=person_behind(actor),
        maker=str(actor),
        created_at=clock.now(),
        digest=draft.digest(reference),
        approvals_needed=max(needed.approvals if needed else 1, 1),
        roles_needed=list(needed.roles) if needed else [],
        next_date=draft.rhythm.next(0),
    )
    audit.note(reference, description=draft.description)
    return id


@use_case("ledger.pause_recurring")
def pause_recurring(*, recurring_id: UUID, reason: str, actor: Actor) -> None:
    """Post nothing of it until it is resumed. Doing it again does nothing."""
    _change(recurring_id, ScheduleState.PAUSED, reason)


@use_case("ledger.resume_recurring")
def resume_recurring(*, recurring_id: UUID, actor: Actor) -> None:
    """Post again, the days of the pause first. Doing it again does nothing."""
    row = locked_recurring(recurring_id)
    if row.state == ScheduleState.DRAFT:  # other people let it in, not this
        raise _cannot(row, ScheduleState.ACTIVE)
    _change(recurring_id, ScheduleState.ACTIVE, "")


@use_case("ledger.end_recurring")
def end_recurring(*, recurring_id: UUID, reason: str, actor: Actor) -> None:
    """Post nothing of it ever again; what it posted stays. Doing it again does nothing."""
    _change(recurring_id, ScheduleState.ENDED, reason)


def post_due_recurring(*, actor: Actor) -> int:
    """Post every day that has come, missed days in their order. Returns how many.

    Each day is a transaction of its own. What is refused stays due, is shown with the reason, holds
    back the later days of its own schedule and no other, and is tried again with the next run.
    """
    due = RecurringEntry.objects.filter(
        state=ScheduleState.ACTIVE, next_date__lte=clock.today(current_tenant().zone)
    ).order_by(F("refused_at").asc(nulls_first=True), "next_date")
    return sum(_catch_up(id, actor) for id in list(due.values_list("id", flat=True)[:BATCH]))


@again_when_in_the_way
@use_case("ledger.post_occurrence")
def post_occurrence(*, recurring_id: UUID, actor: Actor) -> EntryReceipt | None:
    """Post the next day of an active schedule if it has come; nothing otherwise.

    The entry names the schedule as its ``approval_id``, carries who made and approved it, and is
    posted under ``recurring:<id>:<day>``, whoever asks and however often.
    """
    row = locked_recurring(recurring_id)
    day = row.next_date
    today = clock.today(current_tenant().zone)
    if row.state != ScheduleState.ACTIVE or day is None or day > today:
        audit.nothing_happened()
        return None
    reference = public_id("rec", row.id)
    draft = draft_of(row)
    entry = draft.entry(day, approval_id=row.id, evidence=_evidence(row))
    key = occurrence_key(reference, day)
    receipt = write(
        [
            Instruction(
                draft=entry,
                idempotency_key=key,
                fingerprint=fingerprint(key, row.digest),
            )
        ],
        actor,
    )[0]
    RecurringOccurrence.objects.create(
        recurring=row,
        number=row.done,
        day=day,
        entry_id=receipt.entry_id,
        posted_at=clock.now(),
    )
    row.done += 1
    row.next_date = draft.rhythm.next(row.done)
    if row.next_date is None:
        row.state = ScheduleState.ENDED
    row.refusal, row.refused_at = "", None
    row.save(update_fields=["done", "next_date", "state", "refusal", "refused_at"])
    audit.note(reference, entry=public_id("je", receipt.entry_id), day=day.isoformat())
    return receipt


@use_case("ledger.note_recurring_refusal")
def note_refusal(*, recurring_id: UUID, refusal: DomainError, actor: Actor) -> None:
    """Keep why the next day of a schedule is not in the books, for people to see."""
    row = locked_recurring(recurring_id)
    said = f"{refusal.title} {refusal.advice}".strip()[:REASON]
    if said == row.refusal:
        audit.nothing_happened()
    else:
        audit.note(public_id("rec", row.id), refusal=refusal.code)
    row.refusal, row.refused_at = said, clock.now()
    row.save(update_fields=["refusal", "refused_at"])


def locked_recurring(recurring_id: UUID) -> RecurringEntry:
    """The recurring entry, locked until the transaction ends. ``RecurringNotFound``."""
    row = RecurringEntry.objects.select_for_update().filter(id=recurring_id).first()
    if row is None:
        raise RecurringNotFound(recurring=public_id("rec", recurring_id))
    return row


def move(row: RecurringEntry, to_state: ScheduleState) -> None:
    """Set the state if it may follow; the caller saves."""
    if to_state not in MOVES.get(ScheduleState(row.state), frozenset()):
        raise _cannot(row, to_state)
    row.state = to_state


def _catch_up(id: UUID, actor: Actor) -> int:
    for posted in range(DAYS_MAX):
        try:
            if post_occurrence(recurring_id=id, actor=actor) is None:
                return posted
        except DomainError as refusal:
            note_refusal(recurring_id=id, refusal=refusal, actor=actor)
            return posted
    return DAYS_MAX


def _change(id: UUID, to_state: ScheduleState, reason: str) -> None:
    row = locked_recurring(id)
    if row.state == to_state:
        audit.nothing_happened()
        return
    move(row, to_state)
    row.reason = reason
    if to_state is ScheduleState.ENDED:
        row.next_date = None
    row.save(update_fields=["state", "reason", "next_date"])
    audit.note(public_id("rec", row.id), state=to_state, reason=reason)


def _cannot(row: RecurringEntry, to_state: ScheduleState) -> RecurringCannotMove:
    return RecurringCannotMove(
        recurring=public_id("rec", row.id), from_state=row.state, to_state=to_state
    )


def _check(draft: RecurringDraft) -> None:
    draft.ruled().check()
    rhythm = draft.rhythm
    if not 1 <= rhythm.every <= EVERY_MAX:
        raise RecurringUnsound(problem=f"A step is 1 to {EVERY_MAX}.")
    if rhythm.at_month_end and rhythm.frequency is not Frequency.MONTHLY:
        raise RecurringUnsound(problem="Only what comes by the month comes on its last day.")
    if rhythm.starts > clock.today(current_tenant().zone) + AHEAD_MAX:
        raise RecurringUnsound(problem="It begins within ten years.")
    if rhythm.next(0) is None:
        raise RecurringUnsound(problem="Its last day is before its first.")
    codes = {leg.account for leg in draft.postings}
    known = set(Account.objects.filter(code__in=codes).values_list("code", flat=True))
    for number, leg in enumerate(draft.postings, start=1):
        if leg.account not in known:
            raise UnknownAccount(leg=number, account=leg.account)


def _evidence(row: RecurringEntry) -> dict[str, object]:
    """Who let it in: people, times, and the digest each of them saw."""
    return {
        "recurring": public_id("rec", row.id),
        "digest": row.digest,
        "made_by": row.maker,
        "approved": [
            {"by": one.user_name, "person": one.person, "at": one.decided_at, "digest": one.digest}
            for one in row.approvals.order_by("decided_at")
        ],
    }
