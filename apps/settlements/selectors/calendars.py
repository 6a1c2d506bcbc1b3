"""Calendars with people's exceptions, cut-offs, and when what is sent now arrives."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

import holidays

from apps.platform import clock
from apps.settlements.domain import Calendar
from apps.settlements.domain.calendars import next_cut_off
from apps.settlements.models import CalendarDay, RailTimes

#: Central banks' and exchanges' calendars; every other code is a country's (ISO 3166-1).
FINANCIAL = frozenset(holidays.list_supported_financial())
COUNTRIES = frozenset(holidays.list_supported_countries())


@dataclass(frozen=True, slots=True, kw_only=True)
class RailTimesRow:
    """When what an account sends leaves and arrives; the next of both."""

    provider_account: str
    zone: str
    calendar: str
    cut_offs: tuple[time, ...]
    arrives_after_days: int
    next_cut_off: datetime
    expected_arrival: date


@dataclass(frozen=True, slots=True, kw_only=True)
class CalendarDayRow:
    """A day a calendar or a person says something about. ``said_by`` is empty for the calendar."""

    day: date
    is_open: bool
    what: str
    said_by: str


def is_calendar(code: str) -> bool:
    """True for a calendar there is."""
    return code in FINANCIAL or code in COUNTRIES


def calendar(code: str) -> Calendar:
    """The calendar of that code with what people said of its days; the latest word counts."""
    said = CalendarDay.objects.filter(calendar=code).order_by("said_at", "id")
    return Calendar(_holidays(code), dict(said.values_list("day", "is_open")))


def calendar_days(*, code: str, first: date, last: date) -> list[CalendarDayRow]:
    """Holidays and exceptions from first to last; what a person said of a day comes last."""
    known = _known(code)
    rows = [
        CalendarDayRow(day=day, is_open=False, what=known.get(day) or "", said_by="")
        for day in _between(first, last)
        if day in known
    ]
    said = CalendarDay.objects.filter(calendar=code, day__range=(first, last))
    latest = {one.day: one for one in said.order_by("said_at", "id")}
    rows = [row for row in rows if row.day not in latest]
    rows += [
        CalendarDayRow(day=one.day, is_open=one.is_open, what=one.reason, said_by=one.said_by)
        for one in latest.values()
    ]
    return sorted(rows, key=lambda row: row.day)


def rail_times(*, provider_account: str) -> RailTimesRow | None:
    """The cut-offs of an account and the next of them, if anybody has set them."""
    row = RailTimes.objects.filter(provider_account=provider_account).first()
    return _times_row(row) if row is not None else None


def all_rail_times() -> list[RailTimesRow]:
    """Those of every account, by label."""
    return [_times_row(row) for row in RailTimes.objects.order_by("provider_account")]


def _times_row(row: RailTimes) -> RailTimesRow:
    days = calendar(row.calendar)
    leaves = next_cut_off(clock.now(), row.cut_offs, row.zone, days)
    day = leaves.astimezone(ZoneInfo(row.zone)).date()
    return RailTimesRow(
        provider_account=row.provider_account,
        zone=row.zone,
        calendar=row.calendar,
        cut_offs=tuple(sorted(row.cut_offs)),
        arrives_after_days=row.arrives_after_days,
        next_cut_off=leaves,
        expected_arrival=days.plus(day, row.arrives_after_days),
    )


@functools.cache
def _known(code: str) -> holidays.HolidayBase:
    """Filled year by year as it is asked; a country's calendar with every faith it knows."""
    if code in FINANCIAL:
        return holidays.financial_holidays(code)
    kinds = tuple(getattr(holidays, code).supported_categories) if hasattr(holidays, code) else ()
    wanted = tuple(kind for kind in kinds if kind in {"public", "bank", "islamic"})
    return holidays.country_holidays(code, categories=wanted or None)


def _holidays(code: str) -> Callable[[date], bool]:
    return _known(code).__contains__


def _between(first: date, last: date) -> list[date]:
    return [date.fromordinal(one) for one in range(first.toordinal(), last.toordinal() + 1)]
