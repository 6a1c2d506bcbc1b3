"""Recurring entries: what is posted again and again, and on which days."""

from __future__ import annotations

import hashlib
import json
from calendar import monthrange
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from itertools import count, takewhile
from typing import Any
from uuid import UUID

from apps.ledger.domain.entries import EntryDraft, PostingDraft, legs_as_lines
from apps.ledger.domain.periods import months_after

#: The kind of every entry a schedule posts. Nobody else writes it.
RECURRING = "recurring"

#: As what approval rules see it: a rule may speak of all manual journals, or of these alone.
RULED_AS = "manual.recurring"

#: The longest step: ten years of months.
EVERY_MAX = 120

DAYS_IN_WEEK = 7


class Frequency(StrEnum):
    """The unit of a schedule's step; a quarter is three months, a year twelve."""

    DAILY = "daily"
    WEEKLY = "weekly"
    MONTHLY = "monthly"


class ScheduleState(StrEnum):
    """Where a recurring entry stands."""

    DRAFT = "draft"
    ACTIVE = "active"
    PAUSED = "paused"
    ENDED = "ended"


#: Which state may follow which; the database knows the same list.
MOVES: Mapping[ScheduleState, frozenset[ScheduleState]] = {
    ScheduleState.DRAFT: frozenset({ScheduleState.ACTIVE, ScheduleState.ENDED}),
    ScheduleState.ACTIVE: frozenset({ScheduleState.PAUSED, ScheduleState.ENDED}),
    ScheduleState.PAUSED: frozenset({ScheduleState.ACTIVE, ScheduleState.ENDED}),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Rhythm:
    """The days of a schedule: its first, and then every so many days, weeks or months.

    Days are of the tenant's zone. Each is counted from the first, never from the one before: what
    begins on 31 January falls on 28 February and on 31 March. ``at_month_end`` is always a month's
    last day, whatever the first. The last day may be ``ends``; without it there is none.
    """

    frequency: Frequency
    starts: date
    every: int = 1
    at_month_end: bool = False
    ends: date | None = None

    def day(self, number: int) -> date:
        """The day of an occurrence, counted from 0. The database's function agrees."""
        steps = number * self.every
        match self.frequency:
            case Frequency.DAILY:
                found = self.starts + timedelta(days=steps)
            case Frequency.WEEKLY:
                found = self.starts + timedelta(days=DAYS_IN_WEEK * steps)
            case Frequency.MONTHLY:
                first = months_after(self.starts.replace(day=1), steps)
                found = first.replace(day=min(self.starts.day, _last_day(first)))
        return found.replace(day=_last_day(found)) if self.at_month_end else found

    def next(self, number: int) -> date | None:
        """The same, or nothing when it is over by then."""
        found = self.day(number)
        return None if self.ends is not None and found > self.ends else found

    def days(self, number: int) -> Iterator[date]:
        """The days from an occurrence on."""
        upcoming = (self.next(one) for one in count(number))
        return (day for day in takewhile(lambda day: day is not None, upcoming) if day)

    def sentence(self) -> str:
        """As people say it: every 3 months, at the end of the month."""
        unit = {"daily": "day", "weekly": "week", "monthly": "month"}[self.frequency]
        said = f"Every {unit}" if self.every == 1 else f"Every {self.every} {unit}s"
        return f"{said}, on the month's last day" if self.at_month_end else said


@dataclass(frozen=True, slots=True, kw_only=True)
class RecurringDraft:
    """A recurring entry as its maker writes it: the legs, and when they are posted."""

    description: str
    rhythm: Rhythm
    postings: Sequence[PostingDraft]

    def entry(self, day: date, *, approval_id: UUID, evidence: Mapping[str, object]) -> EntryDraft:
        """The entry of one day, with what let it in."""
        return EntryDraft(
            kind=RECURRING,
            description=self.description,
            value_date=day,
            postings=self.postings,
            approval_id=approval_id,
            metadata={"approval": dict(evidence)},
        )

    def ruled(self) -> EntryDraft:
        """As approval rules see it."""
        return EntryDraft(
            kind=RULED_AS,
            description=self.description,
            value_date=self.rhythm.starts,
            postings=self.postings,
        )

    def lines(self) -> list[dict[str, Any]]:
        """Its legs as they are stored and compared; amounts in minor units."""
        return legs_as_lines(self.postings)

    def digest(self, reference: str) -> str:
        """What an approval covers: every word, every unit and every day."""
        rhythm = self.rhythm
        facts = [
            reference,
            self.description,
            rhythm.frequency,
            rhythm.every,
            rhythm.at_month_end,
            rhythm.starts.isoformat(),
            rhythm.ends.isoformat() if rhythm.ends else None,
            self.lines(),
        ]
        text = json.dumps(facts, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        return hashlib.sha256(text.encode()).hexdigest()


def occurrence_key(reference: str, day: date) -> str:
    """The idempotency key of one day's entry."""
    return f"{RECURRING}:{reference}:{day.isoformat()}"


def _last_day(day: date) -> int:
    return monthrange(day.year, day.month)[1]
