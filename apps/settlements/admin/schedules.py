"""The calendar page, schedules, and what sets them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Any, ClassVar
from uuid import UUID
from zoneinfo import available_timezones

from django import forms
from django.http import HttpResponseBase, QueryDict
from django.urls import reverse

from apps.console.pages import Action, FormPage, Header, PublicPage, ReportPage
from apps.console.registry import register_page, register_view
from apps.console.values import Fact, Link, Note, Ref, Row, Status, Table, Value
from apps.platform import clock
from apps.platform.ids import public_id
from apps.platform.money import Money
from apps.platform.tenant import current_tenant
from apps.settlements import services
from apps.settlements.domain import Convention, Frequency, PayoutTerms, Recurrence
from apps.settlements.selectors import (
    ScheduleRow,
    all_rail_times,
    calendar_days,
    next_runs,
    paying_accounts,
    schedule,
    schedules,
)
from apps.settlements.selectors.calendars import COUNTRIES, FINANCIAL

LIST = "console:settlements_calendar"
PAGE = "console:settlements_schedule"
VIEW, DRAFT = "settlements.view", "settlements.draft"
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_BPS_TO_PERCENT = 100
_RUNS_AHEAD = 5


ON_A_CLOSED_DAY = {
    Convention.FOLLOWING: "The next open day",
    Convention.MODIFIED: "The next open day of the month, else the one before",
    Convention.PRECEDING: "The open day before",
    Convention.SKIP: "No run",
}
CALENDARS = [(one, one) for one in (*sorted(COUNTRIES), *sorted(FINANCIAL))]


class CalendarForm(forms.Form):
    """Which calendar."""

    calendar = forms.ChoiceField(label="Calendar", choices=CALENDARS)


class CalendarPage(ReportPage):
    """Cut-offs, schedules and the closed days of the coming year."""

    title: ClassVar[str] = "Calendar"
    permission: ClassVar[str] = VIEW
    form_class = CalendarForm
    template_name: ClassVar[str] = "settlements/calendar.html"
    intro: ClassVar[str] = "When money goes out, when it arrives, and the days that are closed."

    def initial(self) -> dict[str, Any]:
        """The calendar in use, or Kenya's."""
        used = [row.calendar for row in all_rail_times()]
        return {"calendar": used[0] if used else "KE"}

    def tables(self, parameters: dict[str, Any]) -> Sequence[Table]:
        """Cut-offs, schedules, days."""
        code = parameters.get("calendar") or self.initial()["calendar"]
        return [_rails(), _schedules(), _days(code)]

    def context(self) -> dict[str, Any]:
        """With what can be set."""
        links = [
            Link("New schedule", reverse("console:settlements_schedule_new")),
            Link("Set cut-offs", reverse("console:settlements_rail")),
            Link("Open or close a day", reverse("console:settlements_day")),
        ]
        return {**super().context(), "ways": links}


class SchedulePage(PublicPage):
    """One schedule: its terms, what it ran and what it will run."""

    permission: ClassVar[str] = VIEW
    nav: ClassVar[str] = LIST
    prefix: ClassVar[str] = "sch"
    list_title: ClassVar[str] = "Calendar"

    def read(self, id: UUID) -> ScheduleRow | None:
        """One schedule."""
        return schedule(schedule_id=id)

    def header(self, thing: ScheduleRow) -> Header:
        """Its name and whether it still runs."""
        return Header(
            kind="Schedule", reference=thing.name, status=_status(thing), note=when(thing)
        )

    def facts(self, thing: ScheduleRow) -> Sequence[Fact]:
        """Its terms."""
        percent = (Decimal(thing.reserve_bps) / _BPS_TO_PERCENT).normalize()
        held = f"{percent:f} % for {thing.reserve_days} days" if thing.reserve_bps else "Nothing"
        return [
            Fact("Runs", when(thing)),
            Fact("On a closed day", ON_A_CLOSED_DAY[Convention(thing.convention)]),
            Fact("Calendar", thing.calendar),
            Fact("Through", thing.provider_account),
            Fact("Smallest payout", thing.min_payout or "The rail's own"),
            Fact("Held back", held),
            Fact("From", thing.starts_on),
            Fact("Ended", thing.ended_at),
        ]

    def lines(self, thing: ScheduleRow) -> Sequence[Table]:
        """What comes and what was."""
        coming = next_runs(schedule_id=thing.id, limit=_RUNS_AHEAD)
        return [
            Table(
                "Next runs",
                ["Day", "At"],
                [Row([day, at]) for day, at in coming],
                empty="It runs no more.",
            ),
            Table(
                "Latest runs",
                ["For", "Due", "Ran", "Batch"],
                [Row([one.period, one.due_at, one.ran_at, _batch(one)]) for one in thing.runs],
                empty="It has not run yet.",
            ),
        ]

    def actions(self, thing: ScheduleRow) -> Sequence[Action]:
        """It can be ended."""
        if thing.ended_at is not None:
            return []
        sure = f"{thing.name} runs no more. Its terms cannot be changed: you would make another."
        return [
            Action(
                name="end", label="End it", look="danger", key="e", permission=DRAFT, confirm=sure
            )
        ]

    def do_end(self, thing: ScheduleRow, form: QueryDict) -> str:
        """End it."""
        services.end_schedule(schedule_id=thing.id, actor=self.actor)
        return f"{thing.name} has ended."


class _CalendarFormPage(FormPage):
    permission: ClassVar[str] = DRAFT
    nav: ClassVar[str] = LIST

    def crumbs(self) -> Sequence[Link]:
        """Back to the calendar."""
        return (Link("Calendar", reverse(LIST)),)

    def next_url(self) -> str:
        """Back to the calendar."""
        return reverse(LIST)


class _WhereForm(forms.Form):
    provider_account = forms.ChoiceField(label="Provider account")
    calendar = forms.ChoiceField(label="Calendar", choices=CALENDARS, initial="KE")
    zone = forms.ChoiceField(
        label="Time zone", choices=[(one, one) for one in sorted(available_timezones())]
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        fields: Any = self.fields
        fields["provider_account"].choices = [(label, label) for label, _ in paying_accounts()]
        fields["zone"].initial = current_tenant().zone


class RailForm(_WhereForm):
    """Cut-offs."""

    cut_offs = forms.CharField(label="Cut-offs", help_text="Such as 10:30, 15:00")
    arrives_after_days = forms.IntegerField(
        label="Arrives after business days", min_value=0, max_value=30, initial=1
    )

    def clean_cut_offs(self) -> list[Any]:
        """Times of the day."""
        field = forms.TimeField()
        return [field.clean(part.strip()) for part in self.cleaned_data["cut_offs"].split(",")]


class SetRail(_CalendarFormPage):
    """Set the cut-offs of a provider account."""

    title: ClassVar[str] = "Set cut-offs"
    form_class = RailForm
    submit: ClassVar[str] = "Set the cut-offs"
    intro: ClassVar[str] = "What is released after a cut-off leaves with the next one."

    def perform(self, data: dict[str, Any]) -> str:
        """Set them."""
        services.set_rail_times(**data, actor=self.actor)
        return f"The cut-offs of {data['provider_account']} are set."


class DayForm(forms.Form):
    """An exception."""

    calendar = forms.ChoiceField(label="Calendar", choices=CALENDARS, initial="KE")
    day = forms.DateField(label="Day", widget=forms.DateInput(attrs={"type": "date"}))
    is_open = forms.TypedChoiceField(
        label="Is",
        choices=[("closed", "Closed"), ("open", "Open")],
        coerce=lambda word: word == "open",
    )
    reason = forms.CharField(label="Why", max_length=300)


class SayOfDay(_CalendarFormPage):
    """Open or close a day, whatever the calendar says."""

    title: ClassVar[str] = "Open or close a day"
    form_class = DayForm
    submit: ClassVar[str] = "Say so"
    intro: ClassVar[str] = "For days the calendar cannot know, such as Eid once it is announced."

    def perform(self, data: dict[str, Any]) -> str:
        """Say it."""
        services.say_of_day(**data, actor=self.actor)
        word = "open" if data["is_open"] else "closed"
        return f"{data['day']:%d %B %Y} is {word} in {data['calendar']}."


class ScheduleForm(_WhereForm):
    """The terms of a schedule."""

    field_order = ("name", "provider_account", "frequency", "weekdays", "month_day", "at")

    name = forms.CharField(label="Name", max_length=60)
    frequency = forms.ChoiceField(
        label="Runs", choices=[(one, one.capitalize()) for one in Frequency]
    )
    weekdays = forms.TypedMultipleChoiceField(
        label="On",
        choices=list(enumerate(WEEKDAYS)),
        coerce=int,
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text="For weekly runs",
    )
    month_day = forms.IntegerField(
        label="Day of the month", min_value=1, max_value=31, initial=1, help_text="For monthly runs"
    )
    at = forms.TimeField(label="At", widget=forms.TimeInput(attrs={"type": "time"}))
    convention = forms.ChoiceField(label="On a closed day", choices=list(ON_A_CLOSED_DAY.items()))
    starts_on = forms.DateField(label="From", widget=forms.DateInput(attrs={"type": "date"}))
    min_payout = forms.DecimalField(
        label="Smallest payout", min_value=0, decimal_places=2, initial=0, required=False
    )
    reserve_percent = forms.DecimalField(
        label="Held back, percent", min_value=0, max_value=99, decimal_places=2, initial=0
    )
    reserve_days = forms.IntegerField(label="Held back for days", min_value=0, initial=0)


class NewSchedule(_CalendarFormPage):
    """Have batches drafted by themselves."""

    title: ClassVar[str] = "New schedule"
    form_class = ScheduleForm
    submit: ClassVar[str] = "Make the schedule"
    intro: ClassVar[str] = (
        "Each run drafts and submits a batch of everything owed; people approve and release it as "
        "ever. Too little is carried over to the next run."
    )

    def perform(self, data: dict[str, Any]) -> str | HttpResponseBase:
        """Make it and show it."""
        currency = dict(paying_accounts())[data["provider_account"]]
        minimum = Money.from_major(str(data["min_payout"] or 0), currency).minor
        id = services.make_schedule(
            draft=services.ScheduleDraft(
                name=data["name"],
                provider_account=data["provider_account"],
                currency=currency,
                recurrence=Recurrence(
                    frequency=Frequency(data["frequency"]),
                    weekdays=tuple(data["weekdays"]),
                    month_day=data["month_day"],
                ),
                at=data["at"],
                zone=data["zone"],
                calendar=data["calendar"],
                convention=Convention(data["convention"]),
                starts_on=data["starts_on"],
                terms=PayoutTerms(
                    min_payout_minor=minimum,
                    reserve_bps=int(data["reserve_percent"] * _BPS_TO_PERCENT),
                    reserve_days=data["reserve_days"],
                ),
            ),
            actor=self.actor,
        )
        return self.done("The schedule is made.", reverse(PAGE, args=[public_id("sch", id)]))


def when(row: ScheduleRow) -> str:
    """Its recurrence in words."""
    at = f"at {row.at:%H:%M}, {row.zone}"
    if row.frequency == Frequency.WEEKLY:
        return f"{', '.join(WEEKDAYS[day] for day in row.weekdays)} {at}"
    if row.frequency == Frequency.MONTHLY:
        return f"Monthly on day {row.month_day} {at}"
    return f"Daily {at}"


def _status(row: ScheduleRow) -> Status:
    return Status("ended", tone="calm") if row.ended_at else Status("active", tone="good")


def _batch(run: Any) -> Value:
    if run.batch_id is None:
        return run.note
    return Ref(
        run.batch, reverse("console:settlements_batch", args=[public_id("bat", run.batch_id)])
    )


def _rails() -> Table:
    rows = [
        Row(
            [
                row.provider_account,
                Note(", ".join(f"{at:%H:%M}" for at in row.cut_offs), row.zone),
                row.next_cut_off,
                row.expected_arrival,
                row.calendar,
            ]
        )
        for row in all_rail_times()
    ]
    columns = ["Account", "Cut-offs", "Next", "Arrives", "Calendar"]
    return Table("Cut-offs", columns, rows, empty="Nobody has set any cut-offs yet.")


def _schedules() -> Table:
    rows = []
    for row in schedules():
        coming = next_runs(schedule_id=row.id, limit=1)
        cells: list[Value] = [row.name, when(row), coming[0][1] if coming else None, _status(row)]
        rows.append(Row(cells, url=reverse(PAGE, args=[public_id("sch", row.id)])))
    columns = ["Schedule", "Runs", "Next", "State"]
    return Table("Schedules", columns, rows, empty="No batch is drafted by itself.")


def _days(code: str) -> Table:
    today = clock.today(current_tenant().zone)
    rows = [
        Row(
            [
                one.day,
                WEEKDAYS[one.day.weekday()],
                Status("open", tone="good") if one.is_open else Status("closed", tone="calm"),
                Note(one.what, f"said by {one.said_by.partition(':')[2]}" if one.said_by else ""),
            ]
        )
        for one in calendar_days(code=code, first=today, last=today + timedelta(days=366))
    ]
    title = f"Holidays and exceptions in {code}"
    return Table(title, ["Day", "Weekday", "Is", "What"], rows, is_filterable=True)


register_view("settlements/calendar/", CalendarPage, name="settlements_calendar")
register_view("settlements/calendar/cut-offs", SetRail, name="settlements_rail")
register_view("settlements/calendar/day", SayOfDay, name="settlements_day")
register_view("settlements/schedules/new", NewSchedule, name="settlements_schedule_new")
register_view("settlements/schedules/<str:key>/", SchedulePage, name="settlements_schedule")
register_page("Money out", "Calendar", "calendar_month", LIST, VIEW, order=30)
