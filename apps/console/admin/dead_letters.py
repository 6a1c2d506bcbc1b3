"""Messages that could not be handled: look at the cause, mend it, hand them over again."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, ClassVar

from django.contrib import admin
from django.http import HttpRequest, QueryDict
from django.urls import reverse

from apps.console.cards import Alert, Card
from apps.console.lists import PeriodFilter, ReadOnlyAdmin
from apps.console.pages import Action, Header, Moment, ObjectPage
from apps.console.pages.objects import found_or_404
from apps.console.registry import register_card, register_page, register_view
from apps.console.site import console_site
from apps.console.values import Code, Fact, Link, Ref, Row, Status, Table, Value
from apps.platform.messaging.dead_letters import replay_dead_letter
from apps.platform.models import DeadLetter

PERMISSION = "platform.view_jobs"
REPLAY = "developers.manage"
LIST = "console:platform_deadletter_changelist"


class ReplayedFilter(admin.SimpleListFilter):
    """Waiting or handed over again."""

    title = "state"
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """The two states."""
        return [("dead", "Waiting"), ("replayed", "Replayed")]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        """Rows in that state."""
        match self.value():
            case "dead":
                return queryset.filter(replayed_at=None)
            case "replayed":
                return queryset.exclude(replayed_at=None)
        return queryset


class DeadLetterAdmin(ReadOnlyAdmin):
    """Newest first."""

    permission = PERMISSION
    title = "Dead letters"
    object_url_name = "console:dead_letter"
    search_fields: ClassVar[Any] = ["=event_id", "^consumer", "^subject"]
    search_help = "Event, consumer or subject"
    empty_title = "Every message was handled"
    empty_advice = "A message that its consumer cannot handle is set aside here, whole."
    list_display: ClassVar[Any] = ["subject", "consumer", "why", "failures", "died", "state"]
    list_filter: ClassVar[Any] = [ReplayedFilter, ("died_at", PeriodFilter)]
    ordering: ClassVar[Any] = ["-died_at", "-id"]

    @admin.display(description="Why", ordering="error_code")
    def why(self, letter: DeadLetter) -> Value:
        """What it was refused with."""
        return letter.error_code

    @admin.display(description="Set aside", ordering="died_at")
    def died(self, letter: DeadLetter) -> Value:
        """When its consumer gave up."""
        return letter.died_at

    @admin.display(description="State", ordering="replayed_at")
    def state(self, letter: DeadLetter) -> Value:
        """Waiting or replayed."""
        return _status(letter)


class DeadLetterPage(ObjectPage):
    """One message, whole."""

    permission = PERMISSION
    nav = LIST

    def crumbs(self) -> Sequence[Link]:
        """Back to the list."""
        return (Link("Dead letters", reverse(LIST)),)

    def find(self, key: str) -> DeadLetter:
        """By its id."""
        letter: DeadLetter = found_or_404(DeadLetter.objects.all(), pk=key)
        return letter

    def header(self, thing: DeadLetter) -> Header:
        """Which event it was."""
        return Header(kind="Dead letter", reference=thing.event_id, status=_status(thing))

    def facts(self, thing: DeadLetter) -> Sequence[Fact]:
        """Where it came from and why it stayed."""
        return [
            Fact("Consumer", thing.consumer),
            Fact("Subject", Ref(thing.subject)),
            Fact("Refused with", Ref(thing.error_code)),
            Fact("Tries", thing.failures),
            Fact("Arrived", thing.arrived_at),
            Fact("Place in the stream", f"{thing.stream} {thing.stream_sequence:,}"),
        ]

    def lines(self, thing: DeadLetter) -> Sequence[Table]:
        """The reason in full, and the message."""
        return [
            Table("Reason", ["What the consumer said"], [Row([Code(thing.error)])]),
            Table("Message", ["What it says"], [Row([Code(_pretty(thing.body))])]),
        ]

    def actions(self, thing: DeadLetter) -> Sequence[Action]:
        """Try again."""
        if thing.replayed_at:
            return ()
        label = "Hand it to its consumer again"
        return [Action(name="replay", label=label, look="main", permission=REPLAY, icon="replay")]

    def do_replay(self, thing: DeadLetter, form: QueryDict) -> str:
        """One use case."""
        ran = replay_dead_letter(dead_letter_id=thing.pk, actor=self.actor)
        return "The message is handled." if ran else "It had been handled already."

    def timeline(self, thing: DeadLetter) -> Sequence[Moment]:
        """Arrived, died, replayed."""
        moments = [
            Moment(at=thing.arrived_at, what="arrived", icon="inbox"),
            Moment(at=thing.died_at, what="set aside", icon="error", tone="bad"),
        ]
        if thing.replayed_at:
            at = thing.replayed_at
            moments.append(Moment(at=at, what="replayed", icon="check_circle", tone="good"))
        return moments


def waiting_letters(request: HttpRequest) -> int:
    """Messages that wait for somebody."""
    return DeadLetter.objects.filter(replayed_at=None).count()


def dead_letters_card(request: HttpRequest) -> Card | None:
    """Only when there are any."""
    count = waiting_letters(request)
    if not count:
        return None
    return Alert(
        title=f"{count:,} message{'s' if count > 1 else ''} could not be handled.",
        note="Look at the reason, mend it, and hand them over again.",
        icon="mark_email_unread",
        tone="bad",
        url=f"{reverse(LIST)}?state=dead",
    )


def _status(letter: DeadLetter) -> Status:
    return Status("replayed", tone="good") if letter.replayed_at else Status("dead", "Waiting")


def _pretty(body: str) -> str:
    try:
        return json.dumps(json.loads(body), indent=2, ensure_ascii=False)
    except ValueError:
        return body


console_site.register(DeadLetter, DeadLetterAdmin)
register_view("dead-letters/<uuid:key>", DeadLetterPage, name="dead_letter")
register_page(
    "Operations", "Dead letters", "mark_email_unread", LIST, PERMISSION, badge=waiting_letters
)
register_card(dead_letters_card, permission=PERMISSION, order=81)
