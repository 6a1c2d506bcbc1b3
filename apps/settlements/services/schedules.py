"""When money goes out by itself: calendars' exceptions, cut-offs, schedules and their runs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time
from uuid import UUID
from zoneinfo import ZoneInfo, available_timezones

from apps.payments.selectors import payout_policy, provider_account
from apps.platform import audit, clock
from apps.platform.actors import SYSTEM, Actor
from apps.platform.ids import public_id
from apps.platform.use_cases import use_case
from apps.settlements.domain import Convention, Frequency, PayoutTerms, Recurrence
from apps.settlements.errors import InvalidSchedule, NotFound, NothingToPay, ReasonMissing
from apps.settlements.models import Batch, CalendarDay, PayoutSchedule, RailTimes, ScheduleRun
from apps.settlements.selectors.calendars import calendar as calendar_of
from apps.settlements.selectors.calendars import is_calendar
from apps.settlements.selectors.schedules import upcoming
from apps.settlements.services.drafting import draft_payables_batch
from apps.settlements.services.submitting import submit_batch

RUNS_AT_ONCE = 31  # one sweep catches up a month of missed days of each schedule
_BPS_WHOLE = 10_000
NO_TERMS = PayoutTerms()


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduleDraft:
    """The terms of a schedule. ``at`` is the wall time in ``zone``; reserves in hundredths of %."""

    name: str
    provider_account: str
    currency: str
    recurrence: Recurrence
    at: time
    zone: str
    calendar: str
    convention: Convention
    starts_on: date
    terms: PayoutTerms = NO_TERMS


@use_case("settlements.say_of_day")
def say_of_day(*, calendar: str, day: date, is_open: bool, reason: str, actor: Actor) -> None:
    """Say that a day is open or closed whatever the calendar says; the latest word counts."""
    _check_calendar(calendar)
    if not reason.strip():
        raise ReasonMissing(reference=f"{calendar} {day}")
    CalendarDay.objects.create(
        calendar=calendar,
        day=day,
        is_open=is_open,
        reason=reason.strip(),
        said_by=str(actor),
        said_at=clock.now(),
    )
    audit.note(f"calendar:{calendar}", day=day.isoformat(), is_open=is_open)


@use_case("settlements.set_rail_times")
def set_rail_times(
    *,
    provider_account: str,
    zone: str,
    calendar: str,
    cut_offs: list[time],
    arrives_after_days: int,
    actor: Actor,
) -> None:
    """Say when what an account sends leaves, and how many business days later it arrives."""
    _known_account(provider_account)
    _check_zone(zone)
    _check_calendar(calendar)
    if not cut_offs:
        raise InvalidSchedule(field="cut_offs", reason="at least one time of day")
    RailTimes.objects.update_or_create(
        provider_account=provider_account,
        defaults={
            "zone": zone,
            "calendar": calendar,
            "cut_offs": sorted(set(cut_offs)),
            "arrives_after_days": arrives_after_days,
            "changed_at": clock.now(),
            "changed_by": str(actor),
        },
    )
    audit.note(f"rail:{provider_account}", cut_offs=[at.isoformat() for at in cut_offs])


@use_case("settlements.make_schedule")
def make_schedule(*, draft: ScheduleDraft, actor: Actor) -> UUID:
    """Have a batch drafted and submitted again and again, from a day on; returns its id.

    Its terms never change: end it and make another. People approve and release as with any batch.
    """
    _check(draft)
    row = PayoutSchedule.objects.create(
        name=draft.name,
        provider_account=draft.provider_account,
        currency=draft.currency,
        frequency=draft.recurrence.frequency,
        weekdays=list(draft.recurrence.weekdays),
        month_day=draft.recurrence.month_day,
        at=draft.at,
        zone=draft.zone,
        calendar=draft.calendar,
        convention=draft.convention,
        min_payout_minor=draft.terms.min_payout_minor,
        reserve_bps=draft.terms.reserve_bps,
        reserve_days=draft.terms.reserve_days,
        starts_on=draft.starts_on,
        made_by=str(actor),
        made_at=clock.now(),
    )
    audit.note(public_id("sch", row.id), name=row.name)
    return row.id


@use_case("settlements.end_schedule")
def end_schedule(*, schedule_id: UUID, actor: Actor) -> None:
    """No run after now; what it drafted goes its way. Ending it again changes nothing."""
    row = PayoutSchedule.objects.select_for_update().filter(id=schedule_id).first()
    if row is None:
        raise NotFound(what="schedule", reference=public_id("sch", schedule_id))
    if row.ended_at is not None:
        audit.nothing_happened()
        return
    row.ended_at = clock.now()
    row.save(update_fields=["ended_at"])
    audit.note(public_id("sch", row.id))


def run_due_schedules() -> int:
    """Run every period that is due and has not run, missed ones first; returns how many.

    Each period runs once, in a transaction of its own, whatever number of workers look.
    """
    done = 0
    for id in PayoutSchedule.objects.filter(ended_at=None).values_list("id", flat=True):
        for _ in range(RUNS_AT_ONCE):
            if not run_schedule(schedule_id=id, actor=SYSTEM):
                break
            done += 1
    return done


@use_case("settlements.run_schedule")
def run_schedule(*, schedule_id: UUID, actor: Actor) -> bool:
    """Run the earliest period that is due, if there is one: draft and submit its batch."""
    row = PayoutSchedule.objects.select_for_update().filter(id=schedule_id, ended_at=None).first()
    now = clock.now()
    period = next(due_periods(row, now), None) if row is not None else None
    if row is None or period is None:
        audit.nothing_happened()
        return False
    batch, note = _draft(row, actor)
    ScheduleRun.objects.create(
        schedule=row, period=period[0], due_at=period[1], ran_at=now, batch=batch, note=note
    )
    audit.note(public_id("sch", row.id), period=period[0].isoformat())
    return True


def due_periods(row: PayoutSchedule, now: datetime) -> Iterator[tuple[date, datetime]]:
    """Periods due by ``now`` that have not run, in order: the day, and the instant it fell due."""
    last = row.runs.order_by("-period").values_list("period", flat=True).first()
    today = now.astimezone(ZoneInfo(row.zone)).date()
    first = (
        row.starts_on
        if last is None
        else max(row.starts_on, date.fromordinal(last.toordinal() + 1))
    )
    for day, at in upcoming(row, first, today, calendar_of(row.calendar)):
        if at > now:
            return
        yield day, at


def _draft(row: PayoutSchedule, actor: Actor) -> tuple[Batch | None, str]:
    terms = PayoutTerms(
        min_payout_minor=row.min_payout_minor,
        reserve_bps=row.reserve_bps,
        reserve_days=row.reserve_days,
    )
    try:
        batch_id = draft_payables_batch(
            provider_account=row.provider_account,
            currency=row.currency,
            actor=actor,
            terms=terms,
        )
    except NothingToPay:
        return None, "Nothing was due"
    submit_batch(batch_id=batch_id, actor=actor)
    return Batch.objects.get(id=batch_id), ""


def _check(draft: ScheduleDraft) -> None:
    payout_policy(provider_account=draft.provider_account, currency=draft.currency)
    _check_zone(draft.zone)
    _check_calendar(draft.calendar)
    rule, terms = draft.recurrence, draft.terms
    is_weekly = rule.frequency is Frequency.WEEKLY
    checks = (
        ("name", "a name nobody has used", not PayoutSchedule.objects.filter(name=draft.name)),
        ("weekdays", "days from 0, Monday, to 6", not is_weekly or _are_weekdays(rule.weekdays)),
        ("month_day", "a day from 1 to 31", rule.month_day in range(1, 32)),
        ("reserve_bps", "less than the whole, 10000", 0 <= terms.reserve_bps < _BPS_WHOLE),
        ("reserve_days", "a day at least", not terms.reserve_bps or terms.reserve_days >= 1),
        ("min_payout_minor", "not negative", terms.min_payout_minor >= 0),
    )
    for field, reason, is_good in checks:
        if not is_good:
            raise InvalidSchedule(field=field, reason=reason)


def _are_weekdays(days: tuple[int, ...]) -> bool:
    return bool(days) and all(day in range(7) for day in days)


def _known_account(label: str) -> None:
    provider_account(label=label)


def _check_zone(zone: str) -> None:
    if zone not in available_timezones():
        raise InvalidSchedule(field="zone", reason="a time zone such as Africa/Nairobi")


def _check_calendar(code: str) -> None:
    if not is_calendar(code):
        raise InvalidSchedule(field="calendar", reason="a country such as KE, or FED, ECB")
