"""The delivery log in the console, and one delivery with its evidence."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, ClassVar
from uuid import UUID

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, QueryDict
from django.urls import reverse

from apps.console.lists import PeriodFilter, ReadOnlyAdmin
from apps.console.pages import Action, Header, PublicPage
from apps.console.registry import register_page, register_search, register_view
from apps.console.search import Hit
from apps.console.site import console_site
from apps.console.values import Code, Fact, Link, Ref, Row, Status, Table, Tone, Value
from apps.platform.ids import parse_public_id, public_id
from apps.webhooks.admin.endpoints import VIEW
from apps.webhooks.admin.values import answer, delivery_pill, delivery_url
from apps.webhooks.domain import AttemptRow, DeliveryState, DeliveryView, Outcome
from apps.webhooks.models import Delivery
from apps.webhooks.selectors import delivery
from apps.webhooks.services import replay_delivery

REPLAY = "webhooks.replay"
LIST = "console:webhooks_delivery_changelist"
_TONES: dict[Outcome, Tone] = {
    Outcome.SENDING: "info",
    Outcome.ACCEPTED: "good",
    Outcome.INTERRUPTED: "warn",
}


class DeliveryAdmin(ReadOnlyAdmin):
    """Every message to every endpoint, the newest first."""

    permission = VIEW
    title = "Webhook deliveries"
    object_url_name = "console:webhooks_delivery"
    search_fields: ClassVar[Any] = ["^event_type", "=message__subject"]
    search_help = "Event, or the id of what it is about"
    empty_title = "Nothing was sent"
    empty_advice = "Events that an endpoint asks for are listed here, with every answer."
    links: ClassVar[Any] = [("Deliver again", "console:webhooks_replay", REPLAY)]
    list_display: ClassVar[Any] = [
        "event", "about", "receiver", "status", "attempts", "last_answer", "created_at",
    ]  # fmt: skip
    list_filter: ClassVar[Any] = ["state", "endpoint", ("created_at", PeriodFilter)]
    ordering: ClassVar[Any] = ["-created_at", "-id"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Without the bodies."""
        rows: QuerySet[Any] = super().get_queryset(request)
        return rows.select_related("endpoint", "message").defer("message__body")

    def object_key(self, thing: Delivery) -> str:
        """Its public id."""
        return public_id("whd", thing.id)

    @admin.display(description="Event", ordering="event_type")
    def event(self, row: Delivery) -> Value:
        """Its type."""
        return Ref(row.event_type)

    @admin.display(description="About")
    def about(self, row: Delivery) -> Value:
        """The object."""
        return Ref(row.message.subject)

    @admin.display(description="Endpoint")
    def receiver(self, row: Delivery) -> Value:
        """Whom it was sent to."""
        return row.endpoint.url

    @admin.display(description="State", ordering="state")
    def status(self, row: Delivery) -> Value:
        """Where it stands."""
        return delivery_pill(row.state)

    @admin.display(description="Last answer")
    def last_answer(self, row: Delivery) -> Value:
        """A status, or why there is none."""
        return answer(row.last_status, row.last_problem) or None


class DeliveryPage(PublicPage):
    """The evidence: what was sent, every request, and what was answered."""

    permission = VIEW
    nav = LIST
    prefix = "whd"
    list_title = "Webhook deliveries"

    def read(self, id: UUID) -> DeliveryView | None:
        """The delivery with its message and requests."""
        return delivery(id)

    def id_of(self, thing: DeliveryView) -> UUID:
        """The delivery's."""
        return thing.delivery.id

    def header(self, thing: DeliveryView) -> Header:
        """Its state and event."""
        return Header(
            kind="Webhook delivery",
            reference=self.subject(thing),
            status=delivery_pill(thing.delivery.state),
            note=thing.delivery.event_type,
        )

    def facts(self, thing: DeliveryView) -> Sequence[Fact]:
        """Who was told what."""
        row = thing.delivery
        endpoint = reverse("console:webhooks_endpoint", args=[public_id("whe", row.endpoint_id)])
        return [
            Fact("Endpoint", Link(row.endpoint_url, endpoint)),
            Fact("Event", Ref(row.event_type)),
            Fact("About", Ref(row.subject)),
            Fact("webhook-id", Ref(public_id("msg", row.message_id))),
            Fact("Queued", row.created_at),
            Fact("Next try", row.next_try_at if row.state == DeliveryState.PENDING else None),
            Fact("Ended", row.finished_at),
        ]

    def lines(self, thing: DeliveryView) -> Sequence[Table]:
        """Every request, and the bytes that each of them carried."""
        columns = ["#", "Outcome", "Answer", "Sent", "Milliseconds", "What was answered"]
        rows = [Row(_cells(one)) for one in thing.tries]
        return [
            Table("Requests", columns, rows, empty="Nothing has been sent yet."),
            Table("Message", ["What each request carries"], [Row([Code(_pretty(thing.body))])]),
        ]

    def actions(self, thing: DeliveryView) -> Sequence[Action]:
        """Once more."""
        state = thing.delivery.state
        is_waiting = state == DeliveryState.PENDING
        return [
            Action(
                name="replay",
                label="Try now" if is_waiting else "Deliver again",
                look="main",
                icon="replay",
                permission=REPLAY,
                why_not="A request is under way." if state == DeliveryState.SENDING else "",
                confirm="The same message is sent with the same webhook-id.",
            )
        ]

    def do_replay(self, thing: DeliveryView, form: QueryDict) -> str:
        """Back into the queue."""
        replay_delivery(delivery_id=thing.delivery.id, actor=self.actor)
        return "The message is being sent."


def _cells(one: AttemptRow) -> list[Value]:
    headers = "".join(f"{name}: {value}\n" for name, value in one.response_headers.items())
    said = "\n".join(part for part in (headers, one.response_head) if part)
    return [
        one.number,
        Status(one.outcome, tone=_TONES.get(one.outcome, "bad")),
        answer(one.status, one.problem) or None,
        one.started_at,
        one.elapsed_ms,
        Code(said) if said else None,
    ]


def _pretty(body: str) -> str:
    return json.dumps(json.loads(body), indent=2, ensure_ascii=False)


def find_deliveries(text: str, limit: int) -> list[Hit]:
    """By the delivery's own id, or by the ``webhook-id`` that a receiver quotes."""
    for prefix, field in (("whd", "id"), ("msg", "message_id")):
        try:
            rows = Delivery.objects.filter(**{field: parse_public_id(prefix, text)})
        except ValueError:
            continue
        found = rows.select_related("endpoint")[:limit]
        return [
            Hit(one.event_type, one.endpoint.url, delivery_url(one.id), "webhook") for one in found
        ]
    return []


console_site.register(Delivery, DeliveryAdmin)
register_view("webhooks/deliveries/<str:key>", DeliveryPage, name="webhooks_delivery")
register_page("Developers", "Webhook deliveries", "outgoing_mail", LIST, VIEW, order=31)
register_search("Webhooks", find_deliveries, permission=VIEW, prefixes=("whd_", "msg_"))
