"""What the books refused for good, in the console."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, ClassVar

from django.contrib import admin
from django.http import Http404
from django.urls import reverse

from apps.console.lists import PeriodFilter, ReadOnlyAdmin
from apps.console.pages import Header, ObjectPage
from apps.console.registry import register_page, register_search, register_view
from apps.console.search import Hit
from apps.console.site import console_site
from apps.console.values import Fact, Link, Ref, Row, Status, Table, Value
from apps.ledger.models import Refusal
from apps.ledger.services.refusals import title_and_advice
from apps.platform.ids import parse_public_id, public_id

PERMISSION = "ledger.view"
LIST = "console:ledger_refusal_changelist"
OBJECT = "console:ledger_refusal"


class RefusalAdmin(ReadOnlyAdmin):
    """Every refusal that is kept, the newest first."""

    permission = PERMISSION
    title = "Refusals"
    object_url_name = OBJECT
    search_fields: ClassVar[Any] = ["=idempotency_key", "=source_event"]
    search_help = "Whole key or source event"
    empty_title = "Nothing has been refused for good"
    empty_advice = "What a client is refused under a key of its own is listed here."
    list_display: ClassVar[Any] = ["description", "why", "kind", "value_date", "refused_at", "by"]
    list_filter: ClassVar[Any] = ["code", ("refused_at", PeriodFilter)]
    ordering: ClassVar[Any] = ["-refused_at", "-id"]

    def object_key(self, thing: Refusal) -> str:
        """Its public id."""
        return public_id("rfs", thing.id)

    @admin.display(description="Refused because", ordering="code")
    def why(self, refusal: Refusal) -> Value:
        """The broken rule."""
        return title_and_advice(refusal.code)[0]

    @admin.display(description="Asked by")
    def by(self, refusal: Refusal) -> Value:
        """Who asked."""
        return refusal.actor


class RefusalPage(ObjectPage):
    """One refusal: what was asked for, and why it was not done."""

    permission = PERMISSION
    nav = LIST

    def crumbs(self) -> Sequence[Link]:
        """Back to the list."""
        return (Link("Refusals", reverse(LIST)),)

    def find(self, key: str) -> Refusal:
        """By its public id."""
        try:
            found = Refusal.objects.filter(id=parse_public_id("rfs", key)).first()
        except ValueError:
            found = None
        if found is None:
            raise Http404
        return found

    def subject(self, thing: Refusal) -> str:
        """The public id."""
        return public_id("rfs", thing.id)

    def header(self, thing: Refusal) -> Header:
        """The rule that was broken."""
        return Header(
            kind="Refusal",
            reference=self.subject(thing),
            status=Status("refused", tone="bad"),
            note=title_and_advice(thing.code)[0],
        )

    def facts(self, thing: Refusal) -> Sequence[Fact]:
        """What was asked for, and what to do now."""
        return [
            Fact("Entry", thing.description),
            Fact("Kind", thing.kind),
            Fact("Value date", thing.value_date),
            Fact("Source event", Ref(thing.source_event) if thing.source_event else None),
            Fact("Asked by", thing.actor),
            Fact("Refused", thing.refused_at),
            Fact("Code", Ref(thing.code)),
            Fact("What to do", title_and_advice(thing.code)[1] or None),
            Fact("Idempotency key", Ref(thing.idempotency_key)),
            Fact("If it is asked again", "the same answer; another try takes another key"),
        ]

    def lines(self, thing: Refusal) -> Sequence[Table]:
        """The figures and names behind it."""
        rows = [
            Row([name.replace("_", " ").capitalize(), _plain(value)])
            for name, value in thing.facts.items()
        ]
        return [Table("Facts", ["Fact", "Value"], rows, empty="There are no figures to it.")]


def _plain(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def find_refusals(text: str, limit: int) -> list[Hit]:
    """A refusal by its public id, its idempotency key or its source event, in full."""
    rows = Refusal.objects.all()
    try:
        found = list(rows.filter(id=parse_public_id("rfs", text)))
    except ValueError:
        found = list(rows.filter(idempotency_key=text)[:limit])
        found += list(rows.filter(source_event=text)[:limit])
    return [
        Hit(reference, row.description, reverse(OBJECT, args=[reference]), "block")
        for row in found[:limit]
        for reference in [public_id("rfs", row.id)]
    ]


console_site.register(Refusal, RefusalAdmin)
register_view("ledger/refusals/<str:key>", RefusalPage, name="ledger_refusal")
register_page("Ledger", "Refusals", "block", LIST, PERMISSION, order=12)
register_search("Refusals", find_refusals, permission=PERMISSION, prefixes=("rfs_",))
