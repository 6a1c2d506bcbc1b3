"""Schedules, what they ran, and what they will run."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import islice
from uuid import UUID
from zoneinfo import ZoneInfo

from apps.platform import clock
from apps.platform.money import Money
from apps.settlements.domain import Calendar, Convention, Frequency, Recurrence
from apps.settlements.domain.calendars import instant
from apps.settlements.models import PayoutSchedule, Reserve
from apps.settlements.selectors.calendars import calendar

RUNS_SHOWN = 12
_AHEAD_DAYS = 92


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRow:
    """One period of a schedule."""

    period: date
    due_at: datetime
    ran_at: datetime
    batch_id: UUID | None
    batch: str
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduleRow:
    """A schedule and its latest runs."""

    id: UUID
    name: str
    provider_account: str
    currency: str
    frequency: str
    weekdays: tuple[int, ...]
    month_day: int
    at: time
    zone: str
    calendar: str
    convention: str
    min_payout: Money
    reserve_bps: int
    reserve_days: int
    starts_on: date
    made_at: datetime
    ended_at: datetime | None
    runs: tuple[RunRow, ...]


def schedules() -> list[ScheduleRow]:
    """Every schedule, by name; those that have ended last."""
    rows = PayoutSchedule.objects.prefetch_related("runs__batch")
    return sorted(
        (schedule_row(row) for row in rows), key=lambda row: (bool(row.ended_at), row.name)
    )


def schedule(*, schedule_id: UUID) -> ScheduleRow | None:
    """One schedule, or nothing."""
    row = PayoutSchedule.objects.prefetch_related("runs__batch").filter(id=schedule_id).first()
    return schedule_row(row) if row is not None else None


def payee_reserves(*, payee_id: UUID) -> list[tuple[Money, date, bool]]:
    """What is or was held back of a payee's money: how much, until when, whether it was paid."""
    rows = Reserve.objects.filter(payee=payee_id).order_by("release_on", "id")
    return [
        (Money(row.amount_minor, row.currency), row.release_on, row.used_by_id is not None)
        for row in rows
    ]


def upcoming(
    row: PayoutSchedule, first: date, last: date, days: Calendar
) -> Iterator[tuple[date, datetime]]:
    """The periods that are run from first to last; two that meet on one day are one."""
    convention = Convention(row.convention)
    rule = Recurrence(
        frequency=Frequency(row.frequency),
        weekdays=tuple(row.weekdays),
        month_day=row.month_day,
    )
    # a day that moves back is due before its own; those that move forward may begin earlier
    span = (date.fromordinal(one) for one in (first.toordinal() - 15, last.toordinal() + 15))
    moved = {days.adjusted(day, convention) for day in rule.days(*span)}
    for day in sorted(one for one in moved if one is not None and first <= one <= last):
        yield day, instant(day, row.at, row.zone)


def next_runs(*, schedule_id: UUID, limit: int) -> list[tuple[date, datetime]]:
    """The next periods of a schedule: the day and the instant."""
    row = PayoutSchedule.objects.filter(id=schedule_id, ended_at=None).first()
    if row is None:
        return []
    now = clock.now()
    first = max(row.starts_on, now.astimezone(ZoneInfo(row.zone)).date())
    coming = upcoming(row, first, first + timedelta(days=_AHEAD_DAYS), calendar(row.calendar))
    return list(islice(((day, at) for day, at in coming if at > now), limit))


def schedule_row(row: PayoutSchedule) -> ScheduleRow:
    """The row of a model that was read with its runs."""
    runs = sorted(row.runs.all(), key=lambda one: one.period, reverse=True)[:RUNS_SHOWN]
    return ScheduleRow(
        id=row.id,
        name=row.name,
        provider_account=row.provider_account,
        currency=row.currency,
        frequency=row.frequency,
        weekdays=tuple(row.weekdays),
        month_day=row.month_day,
        at=row.at,
        zone=row.zone,
        calendar=row.calendar,
        convention=row.convention,
        min_payout=Money(row.min_payout_minor, row.currency),
        reserve_bps=row.reserve_bps,
        reserve_days=row.reserve_days,
        starts_on=row.starts_on,
        made_at=row.made_at,
        ended_at=row.ended_at,
        runs=tuple(
            RunRow(
                period=one.period,
                due_at=one.due_at,
                ran_at=one.ran_at,
                batch_id=one.batch_id,
                batch=one.batch.reference if one.batch else "",
                note=one.note,
            )
            for one in runs
        ),
    )
