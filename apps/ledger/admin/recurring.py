"""Recurring entries in the console: the list, one of them, and the form that writes one."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.http import HttpRequest, QueryDict
from django.urls import reverse

from apps.console.lists import ReadOnlyAdmin
from apps.console.pages import Action, Approval, Header, ObjectPage
from apps.console.pages.actions import text_of
from apps.console.pages.objects import Banner
from apps.console.registry import register_page, register_view
from apps.console.site import console_site
from apps.console.values import Fact, Link, Ref, Row, Several, Status, Table, Tone, Value
from apps.identity.models import User
from apps.identity.step_up import recent
from apps.ledger.admin.journal_form import NewJournalPage
from apps.ledger.admin.journals import APPROVE, VIEW, WRITE, entry_link, legs_table
from apps.ledger.admin.periods import id_of
from apps.ledger.domain import PostingDraft
from apps.ledger.domain.recurring import (
    EVERY_MAX,
    Frequency,
    RecurringDraft,
    Rhythm,
    ScheduleState,
)
from apps.ledger.models import RecurringEntry
from apps.ledger.selectors.recurring import (
    RecurringRow,
    draft_of,
    occurrences,
    recurring_entry,
    recurring_in_trouble,
)
from apps.ledger.services import (
    approve_recurring,
    draft_recurring,
    end_recurring,
    pause_recurring,
    resume_recurring,
)
from apps.platform import clock
from apps.platform.ids import public_id
from apps.platform.tenant import current_tenant

LIST = "console:ledger_recurringentry_changelist"
_TONES: dict[str, Tone] = {"draft": "info", "active": "good", "paused": "warn", "ended": "calm"}
_DATE = forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"})


class RecurringAdmin(ReadOnlyAdmin):
    """Every recurring entry, the newest first."""

    permission = VIEW
    title = "Recurring entries"
    object_url_name = "console:ledger_recurring"
    intro = "An entry that is posted by itself, on days that other people have approved with it."
    search_fields: ClassVar[Any] = ["description"]
    search_help = "Part of the description"
    empty_title = "Nothing is posted by itself"
    empty_advice = "Write a recurring entry; it begins after somebody else has approved it."
    list_display: ClassVar[Any] = ["description", "status", "rhythm", "next_day", "amounts", "by"]
    list_filter: ClassVar[Any] = ["state", "frequency"]
    links: ClassVar[Any] = (("Write a recurring entry", "console:ledger_recurring_new", WRITE),)
    ordering: ClassVar[Any] = ["-created_at"]

    def object_key(self, thing: RecurringEntry) -> str:
        """Its public id."""
        return public_id("rec", thing.id)

    @admin.display(description="State", ordering="state")
    def status(self, row: RecurringEntry) -> Value:
        """As a pill; a day that was refused is said first."""
        return state_of(row.state, row.refusal)

    @admin.display(description="Posted")
    def rhythm(self, row: RecurringEntry) -> Value:
        """In words."""
        return draft_of(row).rhythm.sentence()

    @admin.display(description="Next day", ordering="next_date")
    def next_day(self, row: RecurringEntry) -> Value:
        """When it comes next."""
        return row.next_date

    @admin.display(description="Amount")
    def amounts(self, row: RecurringEntry) -> Value:
        """What each day moves, in each currency."""
        return Several(draft_of(row).ruled().totals())

    @admin.display(description="Made by")
    def by(self, row: RecurringEntry) -> Value:
        """Who wrote it."""
        return row.maker.partition(":")[2]


class RecurringPage(ObjectPage):
    """One recurring entry: what it posts, when, who let it in, and what it posted."""

    permission: ClassVar[str] = VIEW
    nav: ClassVar[str] = LIST

    def crumbs(self) -> Sequence[Link]:
        """Back to the list."""
        return (Link("Recurring entries", reverse(LIST)),)

    def find(self, key: str) -> RecurringRow:
        """By its public id."""
        return recurring_entry(id_of("rec", key))

    def subject(self, thing: RecurringRow) -> str:
        """The public id."""
        return public_id("rec", thing.id)

    def header(self, thing: RecurringRow) -> Header:
        """What it is about, and how much each time."""
        return Header(
            kind="Recurring entry",
            reference=self.subject(thing),
            status=state_of(thing.state, thing.refusal),
            amount=thing.totals[0] if len(thing.totals) == 1 else None,
            note=thing.description,
        )

    def banner(self, thing: RecurringRow) -> Banner | None:
        """What is needed, or what went wrong."""
        match thing.state:
            case ScheduleState.DRAFT:
                more = f"{thing.missing} more approval{'' if thing.missing == 1 else 's'} needed."
                return Banner(
                    title="Nothing is posted yet.",
                    text=f"{more} {_caught_up(thing)}".strip(),
                    icon="group",
                )
            case ScheduleState.ACTIVE if thing.refusal:
                return Banner(
                    title=f"The entry of {thing.next_days[0]:%-d %B %Y} was refused.",
                    text=f"{thing.refusal} It is tried again every few minutes.",
                    tone="bad",
                    icon="error",
                )
            case ScheduleState.PAUSED:
                text = "What falls due meanwhile is posted when it is resumed."
                return Banner(title="Paused.", text=text, tone="warn", icon="pause_circle")
        return None

    def facts(self, thing: RecurringRow) -> Sequence[Fact]:
        """Its rhythm, its maker, and how far it is."""
        return [
            Fact("Posted", thing.rhythm.sentence()),
            Fact("From", thing.rhythm.starts),
            Fact("Until", thing.rhythm.ends or "Somebody ends it"),
            Fact("In the books", {0: "Not yet", 1: "Once"}.get(thing.done, f"{thing.done} times")),
            Fact("Made by", thing.maker.partition(":")[2]),
            Fact("Sealed as", Ref(thing.digest[:12])),
            Fact("Approved by", ", ".join(thing.roles_needed) or "Any approver"),
            *([Fact("Because", thing.reason)] if thing.reason else []),
        ]

    def lines(self, thing: RecurringRow) -> Sequence[Table]:
        """Its legs, and its next days."""
        days = [
            Row([day, "Due" if place < thing.due else ""])
            for place, day in enumerate(thing.next_days)
        ]
        return [
            legs_table(thing.postings, thing.totals),
            Table("Next days", ["Day", "State"], days, empty="There is no further day."),
        ]

    def related(self, thing: RecurringRow) -> Sequence[Table]:
        """What it posted, the newest first."""
        rows = [
            Row([one.day, entry_link(one.entry_id), one.posted_at]) for one in occurrences(thing.id)
        ]
        columns = ["Day", "Entry", "Posted"]
        return [Table("In the books", columns, rows, empty="Nothing of it is in the books yet.")]

    def approvals(self, thing: RecurringRow) -> Sequence[Approval]:
        """Who let it in, and the seats still empty."""
        given = [
            Approval(who=one.user_name, decision=Status("approve", tone="good"), at=one.decided_at)
            for one in thing.approvals
        ]
        seats = thing.missing if thing.state is ScheduleState.DRAFT else 0
        return [*given, *[Approval()] * seats]

    def actions(self, thing: RecurringRow) -> Sequence[Action]:
        """What can be done with it now."""
        match thing.state:
            case ScheduleState.DRAFT:
                return [self._approve(thing), _ending("Give this draft up")]
            case ScheduleState.ACTIVE:
                pause = Action(
                    name="pause", label="Pause it", permission=WRITE, asks="Why it pauses"
                )
                return [pause, _ending("End it")]
            case ScheduleState.PAUSED:
                resume = Action(name="resume", label="Resume it", look="main", permission=WRITE)
                return [resume, _ending("End it")]
        return ()

    def do_approve(self, thing: RecurringRow, form: QueryDict) -> str:
        """Approve what was shown."""
        state = approve_recurring(
            recurring_id=thing.id,
            digest=form.get("digest", ""),
            step_up_at=recent(self.request),
            actor=self.actor,
        )
        if state == ScheduleState.ACTIVE:
            return "You approved it. Its days are posted by themselves from now on."
        return "You approved it. It needs another approval."

    def do_pause(self, thing: RecurringRow, form: QueryDict) -> str:
        """For a while."""
        pause_recurring(recurring_id=thing.id, reason=text_of(form), actor=self.actor)
        return "It is paused."

    def do_resume(self, thing: RecurringRow, form: QueryDict) -> str:
        """Again."""
        resume_recurring(recurring_id=thing.id, actor=self.actor)
        return "It is resumed; what fell due meanwhile is posted within minutes."

    def do_end(self, thing: RecurringRow, form: QueryDict) -> str:
        """For good."""
        end_recurring(recurring_id=thing.id, reason=text_of(form), actor=self.actor)
        return "It has ended; what it posted stays."

    def _approve(self, thing: RecurringRow) -> Action:
        user = self.request.user
        person = user.person if isinstance(user, User) else ""
        why_not = ""
        if person == thing.maker_person:
            why_not = "You wrote this recurring entry, so someone else must approve it."
        elif person in {one.person for one in thing.approvals}:
            why_not = "You have approved this recurring entry already."
        moved = " and ".join(str(total) for total in thing.totals)
        return Action(
            name="approve",
            label=f"Approve {moved} each time",
            look="main",
            key="a",
            permission=APPROVE,
            why_not=why_not,
            hidden={"digest": thing.digest},
        )


class RecurringForm(forms.Form):
    """What stands above the lines."""

    description = forms.CharField(max_length=200)
    frequency = forms.ChoiceField(
        label="Posted",
        choices=[
            (Frequency.MONTHLY, "By the month"),
            (Frequency.WEEKLY, "By the week"),
            (Frequency.DAILY, "By the day"),
        ],
    )
    every = forms.IntegerField(
        label="Every",
        min_value=1,
        max_value=EVERY_MAX,
        help_text="1 is each month, week or day; 3 months are a quarter.",
    )
    at_month_end = forms.BooleanField(
        label="On the month's last day",
        required=False,
        help_text="Otherwise on the day it begins; in a shorter month on that month's last day.",
    )
    starts = forms.DateField(label="From", widget=_DATE)
    ends = forms.DateField(
        label="Until", required=False, widget=_DATE, help_text="Empty: until somebody ends it."
    )


class NewRecurringPage(NewJournalPage):
    """Keeps a recurring entry for others to approve."""

    title: ClassVar[str] = "Write a recurring entry"
    nav: ClassVar[str] = LIST
    submit: ClassVar[str] = "Keep it for approval"
    form_class = RecurringForm

    def crumbs(self) -> Sequence[Link]:
        """Back to the list."""
        return (Link("Recurring entries", reverse(LIST)),)

    def initial(self) -> dict[str, Any]:
        """Each month, from today."""
        today: date = clock.today(current_tenant().zone)
        return {"frequency": Frequency.MONTHLY, "every": 1, "starts": today}

    def keep(self, data: dict[str, Any], postings: Sequence[PostingDraft]) -> tuple[str, str]:
        """As a draft."""
        facts = {name: data[name] for name in ("every", "at_month_end", "starts", "ends")}
        rhythm = Rhythm(frequency=Frequency(data["frequency"]), **facts)
        draft = RecurringDraft(
            description=data["description"], rhythm=rhythm, postings=tuple(postings)
        )
        id = draft_recurring(draft=draft, actor=self.actor)
        url = reverse("console:ledger_recurring", args=[public_id("rec", id)])
        return "It is kept. Nothing is posted before somebody else has approved it.", url


def state_of(state: str, refusal: str) -> Status:
    """The state as a pill; of an active one, first that a day was refused."""
    if refusal and state == ScheduleState.ACTIVE:
        return Status("refused", "A day is refused", "bad")
    label = "Waiting for approval" if state == ScheduleState.DRAFT else ""
    return Status(state, label, _TONES.get(state))


def _caught_up(thing: RecurringRow) -> str:
    if not thing.due:
        return ""
    many = f"{thing.due} days have" if thing.due != 1 else "One day has"
    return f"{many} come already and will be posted at once."


def _ending(label: str) -> Action:
    return Action(
        name="end",
        label=label,
        look="danger",
        permission=WRITE,
        asks="Reason",
        confirm="It ends for good; what it posted stays.",
    )


def in_trouble(request: HttpRequest) -> int | None:
    """How many have a day that was refused."""
    return recurring_in_trouble() or None


console_site.register(RecurringEntry, RecurringAdmin)
register_view("ledger/recurring/new", NewRecurringPage, name="ledger_recurring_new")
register_view("ledger/recurring/<str:key>", RecurringPage, name="ledger_recurring")
register_page("Ledger", "Recurring entries", "event_repeat", LIST, VIEW, badge=in_trouble, order=15)
