"""Events on their way out, and messages that could not be handled."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import timedelta
from typing import Any, ClassVar

from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse

from apps.console.cards import Alert, Card
from apps.console.lists import PeriodFilter, ReadOnlyAdmin
from apps.console.pages import Header, Moment, ObjectPage
from apps.console.pages.objects import found_or_404
from apps.console.registry import register_card, register_page, register_search, register_view
from apps.console.rendering import relative
from apps.console.search import Hit, exact_then_prefix
from apps.console.site import console_site
from apps.console.values import Code, Fact, Link, Ref, Row, Status, Table, Value
from apps.platform import clock
from apps.platform.ids import public_id
from apps.platform.models import OutboxMessage

PERMISSION = "platform.view_jobs"
#: The relay publishes within a second or two; after this something is wrong.
LATE = timedelta(minutes=1)


class PublishedFilter(admin.SimpleListFilter):
    """Published or still waiting."""

    title = "state"
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """The two states."""
        return [("waiting", "Waiting"), ("published", "Published")]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        """Rows in that state."""
        match self.value():
            case "waiting":
                return queryset.filter(published_at=None)
            case "published":
                return queryset.exclude(published_at=None)
        return queryset


class EventAdmin(ReadOnlyAdmin):
    """The outbox, newest first."""

    permission = PERMISSION
    title = "Events"
    object_url_name = "console:event"
    search_fields: ClassVar[Any] = ["=aggregate", "=correlation", "^name"]
    search_help = "Reference, correlation or event name"
    empty_title = "No event has been recorded"
    empty_advice = "What happens in the books is told to the neighbours from here."
    list_display: ClassVar[Any] = ["event", "about", "sequence", "recorded", "state"]
    list_filter: ClassVar[Any] = [PublishedFilter, ("recorded_at", PeriodFilter)]
    ordering: ClassVar[Any] = ["-recorded_at", "-id"]

    @admin.display(description="Event", ordering="name")
    def event(self, message: OutboxMessage) -> Value:
        """Its name and version."""
        return f"{message.name}.v{message.version}"

    @admin.display(description="About", ordering="aggregate")
    def about(self, message: OutboxMessage) -> Value:
        """The public id of what it is about."""
        return Ref(message.aggregate)

    @admin.display(description="Recorded", ordering="recorded_at")
    def recorded(self, message: OutboxMessage) -> Value:
        """When it became true."""
        return message.recorded_at

    @admin.display(description="State", ordering="published_at")
    def state(self, message: OutboxMessage) -> Value:
        """Whether the neighbours have it."""
        return Status("published" if message.published_at else "waiting")


class EventPage(ObjectPage):
    """One event."""

    permission = PERMISSION
    nav = "console:platform_outboxmessage_changelist"

    def crumbs(self) -> Sequence[Link]:
        """Back to the list."""
        return (Link("Events", reverse(self.nav)),)

    def find(self, key: str) -> OutboxMessage:
        """By its id."""
        message: OutboxMessage = found_or_404(OutboxMessage.objects.all(), pk=key)
        return message

    def header(self, thing: OutboxMessage) -> Header:
        """What happened."""
        return Header(
            kind="Event",
            reference=public_id("evt", thing.pk),
            status=Status("published" if thing.published_at else "waiting"),
            note=f"{thing.name}.v{thing.version}",
        )

    def facts(self, thing: OutboxMessage) -> Sequence[Fact]:
        """What surrounds the content."""
        return [
            Fact("About", Ref(thing.aggregate)),
            Fact("Number in its series", thing.sequence),
            Fact("Recorded", thing.recorded_at),
            Fact("Published", thing.published_at),
            Fact("Correlation", Ref(thing.correlation) if thing.correlation else None),
            Fact("Trace", Ref(thing.traceparent) if thing.traceparent else None),
        ]

    def lines(self, thing: OutboxMessage) -> Sequence[Table]:
        """The content."""
        text = json.dumps(thing.payload, indent=2, ensure_ascii=False)
        return [Table("Content", ["What it says"], [Row([Code(text)])])]

    def timeline(self, thing: OutboxMessage) -> Sequence[Moment]:
        """Recorded, then published."""
        moments = [Moment(at=thing.recorded_at, what="recorded with the change", icon="edit_note")]
        if thing.published_at:
            moments.append(
                Moment(
                    at=thing.published_at,
                    what="published to the stream",
                    icon="check_circle",
                    tone="good",
                )
            )
        return moments


def find_events(text: str, limit: int) -> list[Hit]:
    """Events of a public id."""
    rows = exact_then_prefix(
        OutboxMessage.objects.order_by("-recorded_at"), ["aggregate"], text, limit
    )
    return [
        Hit(
            row.aggregate,
            f"{row.name}.v{row.version}",
            reverse("console:event", args=[row.pk]),
            "bolt",
        )
        for row in rows
    ]


def late_card(request: HttpRequest) -> Card | None:
    """Events that should have been published by now; nothing when the relay keeps up."""
    late = OutboxMessage.objects.filter(published_at=None, recorded_at__lt=clock.now() - LATE)
    oldest = late.order_by("recorded_at").values_list("recorded_at", flat=True).first()
    if oldest is None:
        return None
    count = late.count()
    return Alert(
        title=f"{count:,} event{'s are' if count > 1 else ' is'} waiting to be published.",
        note=f"The oldest was recorded {relative(oldest)}: is the relay running?",
        icon="outbox",
        url=f"{reverse('console:platform_outboxmessage_changelist')}?state=waiting",
    )


console_site.register(OutboxMessage, EventAdmin)
register_view("events/<uuid:key>", EventPage, name="event")
register_page(
    "Operations", "Events", "bolt", "console:platform_outboxmessage_changelist", PERMISSION
)
register_card(late_card, permission=PERMISSION, order=80)
register_search("Events", find_events, permission=PERMISSION, prefixes=())
