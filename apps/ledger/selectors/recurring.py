"""Recurring entries: what they say, when they come next, and what they posted."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from itertools import islice
from uuid import UUID

from django.db.models import QuerySet

from apps.ledger.domain import PostingDraft
from apps.ledger.domain.journals import postings_of
from apps.ledger.domain.recurring import Frequency, RecurringDraft, Rhythm, ScheduleState
from apps.ledger.errors.recurring import RecurringNotFound
from apps.ledger.models import RecurringEntry
from apps.platform import clock
from apps.platform.ids import public_id
from apps.platform.money import Money
from apps.platform.tenant import current_tenant

#: Days ahead, and days behind, that a page shows.
DAYS_SHOWN = 12
WAITING_MAX = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class OccurrenceRow:
    """One day that is in the books."""

    number: int
    day: date
    entry_id: UUID
    posted_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class RecurringApprovalRow:
    """One person's approval."""

    person: str
    user_name: str
    decided_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class RecurringRow:
    """A recurring entry. ``next_days`` are the next ones, ``due`` how many of them have come."""

    id: UUID
    state: ScheduleState
    description: str
    rhythm: Rhythm
    postings: tuple[PostingDraft, ...]
    totals: tuple[Money, ...]
    maker: str
    maker_person: str
    created_at: datetime
    digest: str
    approvals_needed: int
    roles_needed: tuple[str, ...]
    done: int
    next_days: tuple[date, ...]
    due: int
    refusal: str
    refused_at: datetime | None
    reason: str
    approvals: tuple[RecurringApprovalRow, ...]

    @property
    def missing(self) -> int:
        """How many people still have to approve."""
        return max(self.approvals_needed - len(self.approvals), 0)


def recurring_entry(id: UUID) -> RecurringRow:
    """One of them. ``RecurringNotFound``."""
    row = recurring_with_approvals().filter(id=id).first()
    if row is None:
        raise RecurringNotFound(recurring=public_id("rec", id))
    return recurring_row(row)


def recurring_awaiting(*, person: str) -> list[RecurringRow]:
    """The drafts the person may approve, the longest waiting first."""
    rows = recurring_with_approvals().filter(state=ScheduleState.DRAFT).exclude(maker_person=person)
    waiting = [recurring_row(row) for row in rows.order_by("created_at")[:WAITING_MAX]]
    return [row for row in waiting if person not in {one.person for one in row.approvals}]


def recurring_in_trouble() -> int:
    """How many have a day that came and was refused."""
    return RecurringEntry.objects.filter(state=ScheduleState.ACTIVE).exclude(refusal="").count()


def occurrences(id: UUID, *, limit: int = DAYS_SHOWN) -> list[OccurrenceRow]:
    """The days that are in the books, the newest first."""
    rows = RecurringEntry(id=id).occurrences.order_by("-number")[:limit]
    return [
        OccurrenceRow(
            number=row.number, day=row.day, entry_id=row.entry_id, posted_at=row.posted_at
        )
        for row in rows
    ]


def recurring_with_approvals() -> QuerySet[RecurringEntry]:
    """All of them with what ``recurring_row`` reads."""
    return RecurringEntry.objects.prefetch_related("approvals")


def draft_of(row: RecurringEntry) -> RecurringDraft:
    """What it says."""
    return RecurringDraft(
        description=row.description,
        rhythm=Rhythm(
            frequency=Frequency(row.frequency),
            starts=row.starts,
            every=row.every,
            at_month_end=row.at_month_end,
            ends=row.ends,
        ),
        postings=postings_of(row.lines),
    )


def recurring_row(row: RecurringEntry) -> RecurringRow:
    """The row of a model that was read with its approvals."""
    draft = draft_of(row)
    over = row.state == ScheduleState.ENDED
    days = () if over else tuple(islice(draft.rhythm.days(row.done), DAYS_SHOWN))
    today = clock.today(current_tenant().zone)
    return RecurringRow(
        id=row.id,
        state=ScheduleState(row.state),
        description=row.description,
        rhythm=draft.rhythm,
        postings=tuple(draft.postings),
        totals=draft.ruled().totals(),
        maker=row.maker,
        maker_person=row.maker_person,
        created_at=row.created_at,
        digest=row.digest,
        approvals_needed=row.approvals_needed,
        roles_needed=tuple(row.roles_needed),
        done=row.done,
        next_days=days,
        due=sum(day <= today for day in days),
        refusal=row.refusal,
        refused_at=row.refused_at,
        reason=row.reason,
        approvals=tuple(
            RecurringApprovalRow(
                person=one.person, user_name=one.user_name, decided_at=one.decided_at
            )
            for one in row.approvals.all()
        ),
    )
