"""The object page: one layout for every thing that has a reference."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

from django.core.serializers.json import DjangoJSONEncoder
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.urls import reverse

from apps.console.cards import Card
from apps.console.pages.actions import Action, named, offered, text_of
from apps.console.pages.base import Page
from apps.console.values import Code, Fact, Link, Row, Status, Table, Tone, Value
from apps.platform.errors import DomainError
from apps.platform.ids import parse_public_id, public_id
from apps.platform.models import AuditRecord, OutboxMessage
from apps.platform.money import Money

EVENTS_MAX = 50
TABS = ("overview", "related", "events", "raw")


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """What the thing is: its kind, its reference (to be copied), its state, its amount."""

    kind: str
    reference: str
    status: Status | None = None
    amount: Money | None = None
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """One step of the thing's life."""

    at: datetime
    what: str
    who: str = ""
    note: str = ""
    icon: str = "radio_button_checked"
    tone: Tone = "calm"
    url: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Approval:
    """One pair of eyes: who looked, when, and what they decided. An empty ``who`` is a seat."""

    who: str = ""
    decision: Status | None = None
    at: datetime | None = None
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Banner:
    """What a person should know before anything else on the page."""

    title: str
    text: str = ""
    tone: Tone = "info"
    icon: str = "info"


class ObjectPage(Page):
    """Facts and lines on the left; actions, approvals and the timeline on the right.

    A subclass answers ``find`` and as many of the other questions as it has answers for. The URL
    gives it ``key``. An action ``Action(name="reverse", …)`` is carried out by a method
    ``do_reverse(self, thing, form)``, which calls one use case and answers what was done.
    """

    template_name: ClassVar[str] = "console/object.html"

    def find(self, key: str) -> Any:
        """The thing, or ``Http404``, or a domain error of kind not found."""
        raise NotImplementedError

    def header(self, thing: Any) -> Header:
        """Its kind, reference, status and amount."""
        raise NotImplementedError

    def subject(self, thing: Any) -> str:
        """Its public id, under which the audit trail and the outbox know it."""
        return ""

    def banner(self, thing: Any) -> Banner | None:
        """What to know first, such as who must approve."""
        return None

    def facts(self, thing: Any) -> Sequence[Fact]:
        """Labels and values, the important ones first."""
        return ()

    def checks(self, thing: Any) -> Sequence[tuple[Tone, Value]]:
        """Sentences that are fine, worth a look, or wrong."""
        return ()

    def cards(self, thing: Any) -> Sequence[Card]:
        """Drawings and figures, between the facts and the lines."""
        return ()

    def lines(self, thing: Any) -> Sequence[Table]:
        """Its parts: postings, disbursements, lines."""
        return ()

    def actions(self, thing: Any) -> Sequence[Action]:
        """What can be done with it now, the likeliest first."""
        return ()

    def approvals(self, thing: Any) -> Sequence[Approval]:
        """Who has looked at it, and the seats still empty."""
        return ()

    def timeline(self, thing: Any) -> Sequence[Moment]:
        """Its life so far; any order. By default, what the audit trail says."""
        return [
            Moment(
                at=record.recorded_at,
                who=record.actor_name,
                what=record.use_case.split(".", 1)[-1].replace("_", " "),
            )
            for record in self._records(thing)
        ]

    def related(self, thing: Any) -> Sequence[Table]:
        """Other things it belongs with."""
        return ()

    def raw(self, thing: Any) -> object:
        """All of it, for whoever has to look closely; without secrets. Falsy hides the tab."""
        return None

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Show it, at the tab the URL names."""
        return self.show(thing=self.find(self.kwargs["key"]))

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Carry out one of the offered actions."""
        thing = self.find(self.kwargs["key"])
        action = named(request, self.actions(thing))
        if action is None:
            return self.show(
                status=409, thing=thing, problem="This can no longer be done. Look again."
            )
        typed = text_of(request.POST)
        if action.asks and not typed:
            return self.show(
                status=422, thing=thing, problem=f"{action.asks}: say why.", asked=action.name
            )
        try:
            answer = getattr(self, f"do_{action.name}")(thing, request.POST)
        except DomainError as error:
            return self.not_done(error, thing=self.find(self.kwargs["key"]), typed=typed)
        return answer if isinstance(answer, HttpResponseBase) else self.done(str(answer or ""))

    def show(self, status: int = 200, **more: Any) -> HttpResponse:
        """The page of ``thing``."""
        thing = more["thing"]
        header = self.header(thing)
        tabs = self._tabs(thing)
        tab = self.request.GET.get("tab", "overview")
        if tab not in dict(tabs):
            tab = "overview"
        return super().show(
            status,
            title=header.reference,
            header=header,
            tabs=tabs,
            tab=tab,
            **self._parts(thing, tab),
            **more,
        )

    def _parts(self, thing: Any, tab: str) -> dict[str, Any]:
        parts: dict[str, Any] = {
            "banner": self.banner(thing),
            "actions": offered(self.request, self.actions(thing)),
            "approvals": self.approvals(thing),
            "moments": sorted(self.timeline(thing), key=lambda one: one.at, reverse=True),
        }
        if tab == "overview":
            parts |= {
                "facts": self.facts(thing),
                "checks": self.checks(thing),
                "cards": self.cards(thing),
                "tables": self.lines(thing),
            }
        elif tab == "related":
            parts["tables"] = self.related(thing)
        elif tab == "events":
            parts["tables"] = [self._events(thing), self._audit(thing)]
        else:
            parts["raw"] = _json(self.raw(thing))
        return parts

    def _tabs(self, thing: Any) -> list[tuple[str, str]]:
        tabs = [("overview", "Overview")]
        if self.related(thing):
            tabs.append(("related", "Related"))
        if self.subject(thing):
            tabs.append(("events", "Events"))
        if self.raw(thing):
            tabs.append(("raw", "Raw"))
        return tabs if len(tabs) > 1 else []

    def _records(self, thing: Any) -> Sequence[AuditRecord]:
        subject = self.subject(thing)
        if not subject:
            return []
        return list(
            AuditRecord.objects.filter(subject=subject).order_by("-recorded_at")[:EVENTS_MAX]
        )

    def _events(self, thing: Any) -> Table:
        rows = OutboxMessage.objects.filter(aggregate=self.subject(thing)).order_by("-sequence")
        return Table(
            "Events",
            ["#", "Event", "Recorded", "Published", "Content"],
            [
                Row(
                    [
                        row.sequence,
                        f"{row.name}.v{row.version}",
                        row.recorded_at,
                        row.published_at or Status("waiting"),
                        Code(_json(row.payload)),
                    ]
                )
                for row in rows[:EVENTS_MAX]
            ],
            empty="No event has been recorded about this.",
        )

    def _audit(self, thing: Any) -> Table:
        return Table(
            "Audit trail",
            ["When", "Who", "What", "Facts"],
            [
                Row([one.recorded_at, one.actor_name, one.use_case, Code(_json(one.facts))])
                for one in self._records(thing)
            ],
            empty="Nobody has done anything with this yet.",
        )


class PublicPage(ObjectPage):
    """An object page named by the public id of its thing, hanging below one list.

    A subclass answers ``read``; ``nav`` is the list's URL name.
    """

    prefix: ClassVar[str] = ""
    list_title: ClassVar[str] = ""

    def read(self, id: UUID) -> Any:
        """The thing of that id, nothing, or a domain error of kind not found."""
        raise NotImplementedError

    def id_of(self, thing: Any) -> UUID:
        """The thing's own id."""
        id: UUID = thing.id
        return id

    def find(self, key: str) -> Any:
        """By its public id."""
        try:
            id = parse_public_id(self.prefix, key)
        except ValueError as error:
            raise Http404 from error
        thing = self.read(id)
        if thing is None:
            raise Http404
        return thing

    def subject(self, thing: Any) -> str:
        """The public id."""
        return public_id(self.prefix, self.id_of(thing))

    def crumbs(self) -> Sequence[Link]:
        """Back to the list."""
        return (Link(self.list_title, reverse(self.nav)),)


def found_or_404(rows: Any, **where: Any) -> Any:
    """The one row, or ``Http404`` also for a key that is not even well-formed."""
    try:
        thing = rows.filter(**where).first()
    except (ValueError, TypeError) as error:
        raise Http404 from error
    if thing is None:
        raise Http404
    return thing


def _json(value: object) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False, cls=DjangoJSONEncoder)
