"""Business days, cut-offs, and batches that are drafted by themselves."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.platform import clock
from apps.platform.actors import SYSTEM, Actor
from apps.settlements import selectors, services
from apps.settlements.domain import (
    Calendar,
    Convention,
    Decision,
    Frequency,
    PayoutTerms,
    Recurrence,
)
from apps.settlements.domain.calendars import held_back, instant, next_cut_off
from apps.settlements.errors import InvalidSchedule, ReasonMissing
from apps.settlements.models import (
    Batch,
    CalendarDay,
    PayoutSchedule,
    Reserve,
    ScheduleRun,
)
from apps.settlements.selectors.calendars import calendar
from tests.settlements.test_console import Desk
from tests.settlements.test_guards import refused
from tests.settlements.world import PAYOUTS, decide, owe, post

ZONES = ["Africa/Nairobi", "America/New_York", "Europe/London", "Australia/Lord_Howe", "UTC"]
NOBODY = Calendar(lambda _: False)
days = st.dates(date(2024, 1, 1), date(2030, 12, 31))
times = st.times().map(lambda at: at.replace(second=0, microsecond=0))


def at(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[misc, arg-type]  # year, month, day, hour


def moved_to(moment: datetime) -> AbstractContextManager[None]:
    return clock.reading(lambda: moment)


@pytest.mark.parametrize(
    ("zone", "day", "wall", "expected"),
    [
        ("America/New_York", date(2026, 3, 8), time(2, 30), at(2026, 3, 8, 7)),  # skipped: 3:00
        ("America/New_York", date(2026, 11, 1), time(1, 30), at(2026, 11, 1, 5, 30)),  # the first
        ("Australia/Lord_Howe", date(2026, 10, 4), time(2, 15), at(2026, 10, 3, 15, 30)),
        ("Africa/Nairobi", date(2026, 3, 8), time(2, 30), at(2026, 3, 7, 23, 30)),
    ],
)
def test_a_wall_time_is_one_instant(zone: str, day: date, wall: time, expected: datetime) -> None:
    assert instant(day, wall, zone) == expected


@given(days, st.lists(times, min_size=2, max_size=4), st.sampled_from(ZONES))
def test_instants_follow_the_clock_on_the_wall(day: date, walls: list[time], zone: str) -> None:
    moments = [instant(day, wall, zone) for wall in sorted(walls)]
    assert moments == sorted(moments)
    for wall, moment in zip(sorted(walls), moments, strict=True):
        seen = moment.astimezone(ZoneInfo(zone))
        assert seen.date() == day
        assert seen.time() >= wall  # later only in the hour that is skipped


@given(
    st.datetimes(datetime(2024, 1, 1), datetime(2030, 1, 1)).map(
        lambda moment: moment.replace(tzinfo=UTC)
    ),
    st.lists(times, min_size=1, max_size=3),
    st.sampled_from(ZONES),
    st.sets(days, max_size=40),
)
def test_the_next_cut_off_is_after_now_on_an_open_day_and_none_is_between(
    now: datetime, walls: list[time], zone: str, holidays: set[date]
) -> None:
    open_days = Calendar(holidays.__contains__)
    found = next_cut_off(now, walls, zone, open_days)
    assert found > now
    day = found.astimezone(ZoneInfo(zone)).date()
    assert open_days.is_open(day)
    assert next_cut_off(found - timedelta(microseconds=1), walls, zone, open_days) == found
    middle = now + (found - now) / 2
    assert next_cut_off(middle, walls, zone, open_days) == found


@given(days, st.sampled_from(Convention), st.sets(days, max_size=60))
def test_conventions_keep_their_word(
    day: date, convention: Convention, holidays: set[date]
) -> None:
    moved = Calendar(holidays.__contains__).adjusted(day, convention)
    if moved is None:
        assert convention is Convention.SKIP
        return
    assert Calendar(holidays.__contains__).is_open(moved)
    if convention is Convention.PRECEDING:
        assert moved <= day
    if convention is Convention.FOLLOWING:
        assert moved >= day
    if convention is Convention.MODIFIED:
        assert moved.month == day.month


@given(days, st.integers(1, 31))
def test_every_month_has_its_day_once(first: date, month_day: int) -> None:
    rule = Recurrence(frequency=Frequency.MONTHLY, month_day=month_day)
    found = list(rule.days(first.replace(day=1), first.replace(day=1) + timedelta(days=364)))
    assert len({(day.year, day.month) for day in found}) == len(found) in {11, 12}


@given(st.integers(0, 10**12), st.integers(0, 9_999))
def test_a_reserve_is_a_part(subject: int, bps: int) -> None:
    assert subject * bps <= held_back(subject, bps) * 10_000 < subject * bps + 10_000


@pytest.mark.usefixtures("books")
class TestCalendars:
    """Holidays, and what people said of days."""

    def test_holidays_are_known_and_people_overrule_them(self) -> None:
        eid = date(2026, 5, 27)
        assert not calendar("KE").is_open(date(2026, 12, 12))
        assert not calendar("KE").is_open(date(2026, 6, 1))  # Madaraka Day
        assert calendar("FED").is_open(date(2026, 7, 3))  # closed in the US only
        assert not calendar("KE").is_open(eid)
        with moved_to(at(2026, 5, 1)):
            for is_open, why in ((True, "Not this year"), (False, "Announced"), (True, "Moved")):
                services.say_of_day(
                    calendar="KE", day=eid, is_open=is_open, reason=why, actor=SYSTEM
                )
        assert calendar("KE").is_open(eid)
        shown = selectors.calendar_days(code="KE", first=eid, last=eid)
        assert [(row.is_open, row.what) for row in shown] == [(True, "Moved")]
        with pytest.raises(ReasonMissing):
            services.say_of_day(calendar="KE", day=eid, is_open=False, reason=" ", actor=SYSTEM)
        with pytest.raises(InvalidSchedule):
            services.say_of_day(calendar="QQ", day=eid, is_open=False, reason="x", actor=SYSTEM)
        refused("SE002", lambda: CalendarDay.objects.update(is_open=False))

    def test_an_exception_moves_the_next_cut_off_and_the_arrival(self) -> None:
        services.set_rail_times(
            provider_account=PAYOUTS,
            zone="Africa/Nairobi",
            calendar="KE",
            cut_offs=[time(15), time(10, 30)],
            arrives_after_days=1,
            actor=SYSTEM,
        )
        friday = at(2026, 11, 20, 7, 30)  # exactly 10:30 in Nairobi: missed
        with moved_to(friday):
            times = selectors.rail_times(provider_account=PAYOUTS)
            assert times is not None
            assert (times.next_cut_off, times.expected_arrival) == (
                at(2026, 11, 20, 12),
                date(2026, 11, 23),
            )
            for day in (20, 23):
                services.say_of_day(
                    calendar="KE", day=date(2026, 11, day), is_open=False, reason="x", actor=SYSTEM
                )
            times = selectors.rail_times(provider_account=PAYOUTS)
            assert times is not None
            assert (times.next_cut_off, times.expected_arrival) == (
                at(2026, 11, 24, 7, 30),
                date(2026, 11, 25),
            )


TERMS = services.ScheduleDraft(
    name="Daily",
    provider_account=PAYOUTS,
    currency="KES",
    recurrence=Recurrence(frequency=Frequency.DAILY),
    at=time(9),
    zone="Africa/Nairobi",
    calendar="KE",
    convention=Convention.SKIP,
    starts_on=date(2026, 11, 27),
)


def make(**change: Any) -> PayoutSchedule:
    id = services.make_schedule(draft=replace(TERMS, **change), actor=SYSTEM)
    return PayoutSchedule.objects.get(id=id)


@pytest.mark.usefixtures("books")
class TestRuns:
    """Each period once, in order."""

    def test_missed_runs_are_caught_up_in_order_and_once(self) -> None:
        row = make()
        with moved_to(at(2026, 11, 27, 5, 59)):
            assert services.run_due_schedules() == 0
        with moved_to(at(2026, 12, 1, 6)):  # Friday, then a weekend, Monday and Tuesday
            assert services.run_due_schedules() == 3
            assert services.run_due_schedules() == 0
        runs = ScheduleRun.objects.order_by("ran_at", "id")
        assert [run.period.day for run in runs] == [27, 30, 1]
        assert next(run.due_at for run in runs) == at(2026, 11, 27, 6)
        assert [bool(run.batch_id) for run in runs] == [True, False, False]
        batch = Batch.objects.get()
        assert (batch.state, batch.maker_person) == ("in_approval", str(SYSTEM))
        services.end_schedule(schedule_id=row.id, actor=SYSTEM)
        with moved_to(at(2026, 12, 9)):
            assert services.run_due_schedules() == 0

    def test_too_little_is_carried_over(self) -> None:
        make(terms=PayoutTerms(min_payout_minor=100_000))
        with moved_to(at(2026, 11, 27, 7)):
            assert services.run_due_schedules() == 1
        assert list(lines(Batch.objects.get())) == [("R1", 125_000)]  # R2 is owed 700
        post("1100", "2100.R2", 400)
        with moved_to(at(2026, 11, 30, 7)):
            services.run_due_schedules()
        assert list(lines(Batch.objects.latest("created_at"))) == [("R2", 110_000)]

    def test_a_rolling_reserve_is_held_then_paid_once(self, brian: Actor) -> None:
        make(terms=PayoutTerms(reserve_bps=1_000, reserve_days=3))
        with moved_to(at(2026, 11, 27, 7)):
            services.run_due_schedules()
            first = Batch.objects.get()
            assert dict(lines(first)) == {"R1": 112_500, "R2": 63_000}
            assert pay(first, brian) == 175_500
        with moved_to(at(2026, 11, 29, 7)):  # held: nobody drafts it, by hand either
            owe("R4", 100, "254712345604")
            by_hand = services.draft_payables_batch(
                provider_account=PAYOUTS, currency="KES", actor=brian
            )
            assert dict(lines(Batch.objects.get(id=by_hand))) == {"R4": 10_000}
        with moved_to(at(2026, 11, 30, 7)):
            post("1100", "2100.R1", 100)
            services.run_due_schedules()
            second = Batch.objects.latest("created_at")
            assert dict(lines(second)) == {"R1": 21_500, "R2": 7_000}  # 12,500 free + 90 % of 100
        used = Reserve.objects.filter(used_by=second)
        assert sorted(used.values_list("amount_minor", flat=True)) == [7_000, 12_500]
        assert Reserve.objects.get(used_by=None).amount_minor == 1_000
        refused("SE031", lambda: used.update(used_by=first))
        refused("SE031", lambda: Reserve.objects.update(amount_minor=1))
        refused("SE031", lambda: Reserve.objects.filter(used_by=None).update(used_by=second))

    def test_a_rejected_batch_holds_nothing_back(self, brian: Actor) -> None:
        make(terms=PayoutTerms(reserve_bps=1_000, reserve_days=3))
        with moved_to(at(2026, 11, 27, 7)):
            services.run_due_schedules()
            first = Batch.objects.get()
            decide(first, brian, Decision.REJECT, comment="No", seconds_ago=None)
        with moved_to(at(2026, 11, 30, 7)):
            services.run_due_schedules()
        assert dict(lines(Batch.objects.latest("created_at"))) == {"R1": 112_500, "R2": 63_000}

    @pytest.mark.parametrize(
        ("field", "change"),
        [
            ("zone", {"zone": "Mars/Olympus"}),
            ("calendar", {"calendar": "QQ"}),
            ("weekdays", {"recurrence": Recurrence(frequency=Frequency.WEEKLY)}),
            ("month_day", {"recurrence": Recurrence(frequency=Frequency.MONTHLY, month_day=32)}),
            ("reserve_bps", {"terms": PayoutTerms(reserve_bps=10_000, reserve_days=1)}),
            ("reserve_days", {"terms": PayoutTerms(reserve_bps=1)}),
            ("min_payout_minor", {"terms": PayoutTerms(min_payout_minor=-1)}),
        ],
    )
    def test_impossible_terms_are_refused(self, field: str, change: dict[str, Any]) -> None:
        with pytest.raises(InvalidSchedule) as caught:
            make(**change)
        assert caught.value.field == field

    def test_the_database_keeps_terms_and_runs(self) -> None:
        row = make()
        rows = PayoutSchedule.objects.filter(id=row.id)
        refused("SE030", lambda: rows.update(reserve_bps=1, reserve_days=1))
        refused("SE002", lambda: rows._raw_delete("default"))
        with moved_to(at(2026, 11, 27, 7)):
            services.run_due_schedules()
        run = ScheduleRun.objects.get()
        refused("SE002", lambda: ScheduleRun.objects.update(note="x"))
        again: Callable[[], object] = lambda: ScheduleRun.objects.create(  # noqa: E731
            schedule=row, period=run.period, due_at=run.due_at, ran_at=run.ran_at
        )
        refused("23505", again)
        services.end_schedule(schedule_id=row.id, actor=SYSTEM)
        refused("SE030", lambda: rows.update(ended_at=None))

    def test_its_pages(self, books: Any) -> None:
        desk = Desk(books, "asha", "operator")
        form = {"provider_account": PAYOUTS, "calendar": "KE", "zone": "Africa/Nairobi"}
        more = {"cut_offs": "10:30, 15:00", "arrives_after_days": "1"}
        assert desk.post("calendar/cut-offs", form | more).status_code == 302
        day = {"calendar": "KE", "day": "2027-03-10", "is_open": "closed", "reason": "Eid"}
        assert desk.post("calendar/day", day).status_code == 302
        terms = {
            "name": "Weekly", "frequency": "weekly", "weekdays": ["0", "3"], "month_day": "1",
            "at": "09:00", "convention": "following", "starts_on": "2026-11-27",
            "min_payout": "10.00", "reserve_percent": "2.5", "reserve_days": "30",
        }  # fmt: skip
        made = desk.post("schedules/new", form | terms)
        assert made.status_code == 302, made.content
        row = PayoutSchedule.objects.get()
        assert (row.weekdays, row.min_payout_minor, row.reserve_bps) == ([0, 3], 1000, 250)
        page = made["Location"].removeprefix("/console/settlements/")
        seen = desk.get(page).content.decode()
        for part in ("Monday, Thursday at 09:00", "2.5 % for 30 days", "Next runs"):
            assert part in seen
        seen = desk.get("calendar/").content.decode()
        for part in ("10:30, 15:00", "Weekly", "Eid", "said by asha"):
            assert part in seen
        assert desk.post(page, {"action": "end"}).status_code == 302
        row.refresh_from_db()
        assert row.ended_at is not None


def lines(batch: Batch) -> Any:
    return batch.disbursements.order_by("payee__reference").values_list(
        "payee__reference", "amount_minor"
    )


def pay(batch: Batch, checker: Actor) -> int:
    decide(batch, checker)
    services.release_batch(batch_id=batch.id, actor=SYSTEM)
    return batch.total_minor
