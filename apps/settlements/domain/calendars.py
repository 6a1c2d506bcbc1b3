"""Business days, cut-offs and the days on which schedules fall due.

A cut-off is a wall time in its zone. In the hour that spring skips it is the first instant after;
in the hour that autumn repeats, the first of the two.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

_LOOK_AHEAD_DAYS = 400  # no calendar is closed for longer than a year
_DAY = timedelta(days=1)
_SATURDAY = 5


class Convention(StrEnum):
    """What becomes of a run that falls on a closed day. ``modified`` never leaves the month."""

    FOLLOWING = "following"
    PRECEDING = "preceding"
    MODIFIED = "modified"
    SKIP = "skip"


class Frequency(StrEnum):
    """How often a schedule falls due."""

    DAILY = "daily"
    WEEKLY = "weekly"
    MONTHLY = "monthly"


@dataclass(frozen=True, slots=True)
class Calendar:
    """Open days: neither weekend nor holiday, unless a person has said otherwise."""

    is_holiday: Callable[[date], bool]
    overrides: Mapping[date, bool] = field(default_factory=dict)

    def is_open(self, day: date) -> bool:
        """True for a business day."""
        if day in self.overrides:
            return self.overrides[day]
        return day.weekday() < _SATURDAY and not self.is_holiday(day)

    def on_or_after(self, day: date) -> date:
        """The first open day from ``day`` on."""
        return self._first(day, _DAY)

    def on_or_before(self, day: date) -> date:
        """The last open day up to ``day``."""
        return self._first(day, -_DAY)

    def plus(self, day: date, days: int) -> date:
        """So many business days after ``day``, beginning at an open one."""
        day = self.on_or_after(day)
        for _ in range(days):
            day = self.on_or_after(day + _DAY)
        return day

    def adjusted(self, day: date, convention: Convention) -> date | None:
        """The day on which something due on ``day`` is done; nothing when it is skipped."""
        if self.is_open(day):
            return day
        if convention is Convention.SKIP:
            return None
        if convention is Convention.PRECEDING:
            return self.on_or_before(day)
        after = self.on_or_after(day)
        if convention is Convention.MODIFIED and after.month != day.month:
            return self.on_or_before(day)
        return after

    def _first(self, day: date, step: timedelta) -> date:
        for _ in range(_LOOK_AHEAD_DAYS):
            if self.is_open(day):
                return day
            day += step
        raise ValueError("the calendar has no open day within a year")


def instant(day: date, at: time, zone: str) -> datetime:
    """When the clocks of ``zone`` show that time of that day, in UTC."""
    here = ZoneInfo(zone)
    local = datetime.combine(day, at, here)
    found = local.astimezone(UTC)
    if found.astimezone(here).replace(tzinfo=None) == local.replace(tzinfo=None):
        return found
    return _jump(local.replace(fold=1).astimezone(UTC), found, here)


def _jump(early: datetime, late: datetime, here: ZoneInfo) -> datetime:
    """The instant between the two at which the clocks are put forward, to the second."""
    before = early.astimezone(here).utcoffset()
    while late - early > timedelta(seconds=1):
        middle = early + (late - early) // 2
        middle = middle.replace(microsecond=0)
        if middle.astimezone(here).utcoffset() == before:
            early = middle
        else:
            late = middle
    return late


def next_cut_off(now: datetime, times: Sequence[time], zone: str, calendar: Calendar) -> datetime:
    """The first cut-off after ``now`` on a business day; what comes exactly at one missed it."""
    day = now.astimezone(ZoneInfo(zone)).date() - _DAY
    while True:
        day = calendar.on_or_after(day)
        moments = (instant(day, at, zone) for at in sorted(times))
        if found := next((moment for moment in moments if moment > now), None):
            return found
        day += _DAY


@dataclass(frozen=True, slots=True, kw_only=True)
class Recurrence:
    """When a schedule falls due: each day, on weekdays (Monday is 0), or on a day of the month.

    A month without that day has its last one.
    """

    frequency: Frequency
    weekdays: tuple[int, ...] = ()
    month_day: int = 1

    def days(self, first: date, last: date) -> Iterator[date]:
        """The days from first to last, before any convention."""
        day = first
        while day <= last:
            if self._is_due(day):
                yield day
            day += _DAY

    def _is_due(self, day: date) -> bool:
        if self.frequency is Frequency.DAILY:
            return True
        if self.frequency is Frequency.WEEKLY:
            return day.weekday() in self.weekdays
        is_last = (day + _DAY).month != day.month
        return day.day == self.month_day or (is_last and day.day < self.month_day)


def held_back(subject_minor: int, reserve_bps: int) -> int:
    """The reserve of an amount in hundredths of a percent, rounded up for whoever carries risk."""
    return -(-subject_minor * reserve_bps // 10_000)
