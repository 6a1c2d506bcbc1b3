"""Endpoints in the console: the list, one with its deliveries, and what can be done with it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar
from uuid import UUID

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponseRedirect, QueryDict
from django.urls import reverse

from apps.console.cards import Alert, Card
from apps.console.lists import ReadOnlyAdmin
from apps.console.pages import Action, Header, PublicPage
from apps.console.pages.objects import Banner
from apps.console.registry import register_card, register_page, register_view
from apps.console.site import console_site
from apps.console.values import Fact, Note, Ref, Row, Several, Status, Table, Value
from apps.platform.ids import public_id
from apps.webhooks.admin.values import delivery_cells, delivery_url
from apps.webhooks.domain import EndpointRow, EndpointState
from apps.webhooks.models import Endpoint
from apps.webhooks.selectors import disabled_endpoints, endpoint, latest_deliveries, waiting_for
from apps.webhooks.services import (
    activate_endpoint,
    pause_endpoint,
    remove_endpoint,
    send_test_event,
)

VIEW, MANAGE = "webhooks.view", "webhooks.manage"
LIST = "console:webhooks_endpoint_changelist"


class EndpointAdmin(ReadOnlyAdmin):
    """Every address that is told of events, the newest first."""

    permission = VIEW
    title = "Webhook endpoints"
    object_url_name = "console:webhooks_endpoint"
    search_fields: ClassVar[Any] = ["^url", "^description"]
    search_help = "Address or description"
    empty_title = "Nobody is told of what happens here"
    empty_advice = "Register an address, and events are sent to it, signed."
    links: ClassVar[Any] = [
        ("Add an endpoint", "console:webhooks_endpoint_new", MANAGE),
        ("Deliver again", "console:webhooks_replay", "webhooks.replay"),
    ]
    list_display: ClassVar[Any] = ["address", "status", "events", "failing_since", "created_at"]
    list_filter: ClassVar[Any] = ["state"]
    ordering: ClassVar[Any] = ["-created_at", "-id"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Those that were removed are found from their deliveries only."""
        rows: QuerySet[Any] = super().get_queryset(request)
        return rows.exclude(state=EndpointState.REMOVED)

    def object_key(self, thing: Endpoint) -> str:
        """Its public id."""
        return public_id("whe", thing.id)

    @admin.display(description="Address", ordering="url")
    def address(self, row: Endpoint) -> Value:
        """Where it is, and what for."""
        return Note(row.url, row.description) if row.description else row.url

    @admin.display(description="State", ordering="state")
    def status(self, row: Endpoint) -> Value:
        """Whether it is called."""
        return state_pill(row.state)

    @admin.display(description="Events")
    def events(self, row: Endpoint) -> Value:
        """Its patterns."""
        return Ref(" ".join(row.patterns))


class EndpointPage(PublicPage):
    """One endpoint: whether it works, what it was told lately."""

    permission = VIEW
    nav = LIST
    prefix = "whe"
    list_title = "Webhook endpoints"

    def read(self, id: UUID) -> EndpointRow | None:
        """One endpoint."""
        return endpoint(id)

    def header(self, thing: EndpointRow) -> Header:
        """Its address and state."""
        return Header(
            kind="Webhook endpoint",
            reference=self.subject(thing),
            status=state_pill(thing.state),
            note=thing.description,
        )

    def banner(self, thing: EndpointRow) -> Banner | None:
        """Why it is not called, or that it fails."""
        if thing.state == EndpointState.DISABLED:
            return Banner(
                title=f"It is not called any more: {thing.state_reason}",
                text="Nothing is queued for it. Activate it when the receiver works, then deliver "
                "again what it missed.",
                tone="bad",
                icon="power_off",
            )
        if thing.failing_since is not None:
            return Banner(
                title="The receiver does not accept what it is sent.",
                text="After five days without a success the endpoint is disabled.",
                tone="warn",
                icon="warning",
            )
        return None

    def facts(self, thing: EndpointRow) -> Sequence[Fact]:
        """Where, what, how fast, signed since when."""
        current = [one for one in thing.secrets if one.expires_at is None]
        former = [one for one in thing.secrets if one.expires_at is not None]
        return [
            Fact("Address", Ref(thing.url)),
            Fact("Events", Several(tuple(Ref(one) for one in thing.patterns))),
            Fact("Waiting", waiting_for(thing.id)),
            Fact("At most", f"{thing.rate_per_minute:,} a minute"),
            Fact("Failing since", thing.failing_since),
            Fact("Left alone until", thing.resting_until),
            Fact("Secret made", current[0].created_at if current else None),
            Fact("Former secret works until", former[0].expires_at if former else None),
            Fact("Registered", thing.created_at),
        ]

    def lines(self, thing: EndpointRow) -> Sequence[Table]:
        """The latest deliveries."""
        rows = [
            Row(delivery_cells(one), url=delivery_url(one.id))
            for one in latest_deliveries(thing.id)
        ]
        columns = ["Event", "About", "State", "Requests", "Last answer", "Queued"]
        return [
            Table("Latest deliveries", columns, rows, empty="It has not been told anything yet.")
        ]

    def actions(self, thing: EndpointRow) -> Sequence[Action]:
        """Try it, change it, stop it."""
        is_active = thing.state == EndpointState.ACTIVE
        if thing.state == EndpointState.REMOVED:
            return ()
        toggle = (
            Action(
                name="pause", label="Pause", icon="pause", permission=MANAGE,
                confirm="What happens meanwhile waits and is sent when you activate it.",
            )
            if is_active
            else Action(
                name="activate", label="Activate", icon="play_arrow", look="main", permission=MANAGE
            )
        )  # fmt: skip
        return [
            Action(
                name="test", label="Send a test event", look="main", icon="send", permission=MANAGE,
                why_not="" if is_active else "Activate the endpoint to send it a test event.",
            ),
            toggle,
            Action(name="change", label="Change", icon="edit", permission=MANAGE),
            Action(name="rotate", label="Rotate the secret", icon="key", permission=MANAGE),
            Action(
                name="remove", label="Remove", look="danger", icon="delete", permission=MANAGE,
                confirm="Its secrets are deleted and what waits is cancelled. This is for good.",
            ),
        ]  # fmt: skip

    def do_test(self, thing: EndpointRow, form: QueryDict) -> HttpResponseRedirect:
        """Send one, and show what becomes of it."""
        delivery_id = send_test_event(endpoint_id=thing.id, actor=self.actor)
        return HttpResponseRedirect(delivery_url(delivery_id))

    def do_pause(self, thing: EndpointRow, form: QueryDict) -> str:
        """Stop calling it."""
        pause_endpoint(endpoint_id=thing.id, actor=self.actor)
        return "The endpoint is paused; events wait for it."

    def do_activate(self, thing: EndpointRow, form: QueryDict) -> str:
        """Call it again."""
        activate_endpoint(endpoint_id=thing.id, actor=self.actor)
        return "The endpoint is called again."

    def do_change(self, thing: EndpointRow, form: QueryDict) -> HttpResponseRedirect:
        """To the form."""
        return self._to("console:webhooks_endpoint_change", thing)

    def do_rotate(self, thing: EndpointRow, form: QueryDict) -> HttpResponseRedirect:
        """To the form."""
        return self._to("console:webhooks_secret", thing)

    def do_remove(self, thing: EndpointRow, form: QueryDict) -> str:
        """For good."""
        remove_endpoint(endpoint_id=thing.id, actor=self.actor)
        return "The endpoint is removed."

    def _to(self, name: str, thing: EndpointRow) -> HttpResponseRedirect:
        return HttpResponseRedirect(reverse(name, args=[self.subject(thing)]))


def state_pill(state: str) -> Status:
    """What was disabled wants somebody to look."""
    return Status(state, tone="bad" if state == EndpointState.DISABLED else None)


def disabled_card(request: HttpRequest) -> Card | None:
    """Only when an endpoint was disabled."""
    rows = disabled_endpoints()
    if not rows:
        return None
    count = len(rows)
    return Alert(
        title=f"{count:,} webhook endpoint{'s are' if count > 1 else ' is'} disabled.",
        note=f"{rows[0].url}: {rows[0].state_reason}",
        icon="power_off",
        tone="bad",
        url=f"{reverse(LIST)}?state__exact={EndpointState.DISABLED.value}",
    )


console_site.register(Endpoint, EndpointAdmin)
register_view("webhooks/endpoints/<str:key>", EndpointPage, name="webhooks_endpoint")
register_page("Developers", "Webhook endpoints", "webhook", LIST, VIEW, order=30)
register_card(disabled_card, permission=VIEW, order=3)
