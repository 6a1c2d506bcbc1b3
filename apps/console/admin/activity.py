"""Activity: who did what, over all objects."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest
from django.urls import reverse

from apps.console.cards import Card, ListCard
from apps.console.lists import PeriodFilter, ReadOnlyAdmin
from apps.console.pages import Header, ObjectPage
from apps.console.pages.objects import found_or_404
from apps.console.registry import register_card, register_page, register_view
from apps.console.site import console_site, platform_site
from apps.console.values import Fact, Link, Ref, Row, Table, Value
from apps.platform.models import AuditRecord

PERMISSION = "platform.view_activity"
CARD_ROWS = 6


class AreaFilter(admin.SimpleListFilter):
    """By the app whose use case it was."""

    title = "area"
    parameter_name = "area"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """The apps that have use cases."""
        areas = ("identity", "ledger", "payments", "settlements", "console", "platform", "tenancy")
        return [(area, area.capitalize()) for area in areas]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        """Use cases of that app."""
        return (
            queryset.filter(use_case__startswith=f"{self.value()}.") if self.value() else queryset
        )


class ActorFilter(admin.SimpleListFilter):
    """By what sort of being did it."""

    title = "done by"
    parameter_name = "by"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Kinds of actors."""
        return [
            ("person", "People"),
            ("service", "Services"),
            ("provider", "Providers"),
            ("system", "The house itself"),
        ]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        """Records of that kind of actor."""
        return queryset.filter(actor_kind=self.value()) if self.value() else queryset


class ActivityAdmin(ReadOnlyAdmin):
    """The audit trail, newest first."""

    permission = PERMISSION
    title = "Activity"
    search_fields: ClassVar[Any] = ["=subject", "=actor_name", "=request_id", "=trace_id"]
    search_help = "Reference, person, request or trace id"
    empty_title = "Nothing has been done yet"
    empty_advice = "Everything that changes something leaves a record here."
    list_display: ClassVar[Any] = ["when", "who", "what", "about", "said"]
    list_filter: ClassVar[Any] = [AreaFilter, ActorFilter, ("recorded_at", PeriodFilter)]
    ordering: ClassVar[Any] = ["-recorded_at", "-id"]

    def object_url(self, thing: Any) -> str:
        """The record's own page."""
        return reverse(f"{self.admin_site.name}:activity_record", args=[thing.pk])

    @admin.display(description="When", ordering="recorded_at")
    def when(self, record: AuditRecord) -> Value:
        """When it was done."""
        return record.recorded_at

    @admin.display(description="Who", ordering="actor_name")
    def who(self, record: AuditRecord) -> Value:
        """Who did it."""
        return record.actor_name

    @admin.display(description="What", ordering="use_case")
    def what(self, record: AuditRecord) -> Value:
        """Which use case it was."""
        return words(record.use_case)

    @admin.display(description="About")
    def about(self, record: AuditRecord) -> Value:
        """The public id or name of what it was done to."""
        return Ref(record.subject) if record.subject else None

    @admin.display(description="Details")
    def said(self, record: AuditRecord) -> Value:
        """The first of the facts."""
        return facts_text(record.facts)


class ActivityPage(ObjectPage):
    """One record."""

    permission = PERMISSION
    nav = "platform_auditrecord_changelist"

    def crumbs(self) -> Sequence[Link]:
        """Back to the list."""
        return (Link("Activity", self.url_of("platform_auditrecord_changelist")),)

    def find(self, key: str) -> AuditRecord:
        """By its id."""
        record: AuditRecord = found_or_404(AuditRecord.objects.all(), pk=key)
        return record

    def header(self, thing: AuditRecord) -> Header:
        """What was done."""
        return Header(kind="Activity", reference=words(thing.use_case))

    def facts(self, thing: AuditRecord) -> Sequence[Fact]:
        """All of it."""
        return [
            Fact("When", thing.recorded_at),
            Fact("Who", thing.actor_name),
            Fact("Kind of actor", thing.actor_kind),
            Fact("About", Ref(thing.subject) if thing.subject else None),
            Fact("Use case", Ref(thing.use_case)),
            Fact("Request", Ref(thing.request_id) if thing.request_id else None),
            Fact("Trace", Ref(thing.trace_id) if thing.trace_id else None),
        ]

    def lines(self, thing: AuditRecord) -> Sequence[Table]:
        """What it said, and what else was done to the same thing."""
        said = [Row([name, _plain(value)]) for name, value in sorted(thing.facts.items())]
        tables = [Table("Details", ["Fact", "Value"], said, empty="It said nothing more.")]
        if thing.subject:
            tables.append(
                Table("Everything done to this", ["When", "Who", "What"], self._same(thing))
            )
        return tables

    def timeline(self, thing: AuditRecord) -> Sequence[Any]:
        """A record has no life of its own."""
        return ()

    def _same(self, thing: AuditRecord) -> list[Row]:
        rows = AuditRecord.objects.filter(subject=thing.subject).order_by("-recorded_at")[:20]
        return [
            Row(
                [row.recorded_at, row.actor_name, words(row.use_case)],
                url="" if row.pk == thing.pk else self.url_of("activity_record", row.pk),
            )
            for row in rows
        ]


def words(use_case: str) -> str:
    """``ledger.post_entry`` as a person says it."""
    _, _, name = use_case.partition(".")
    return (name or use_case).replace("_", " ").capitalize()


def facts_text(facts: dict[str, object], parts: int = 3) -> str:
    """The first facts in one line."""
    shown = [f"{name.replace('_', ' ')} {_plain(value)}" for name, value in facts.items()]
    return " · ".join(part for part in shown[:parts])[:140]


def _plain(value: object) -> str:
    if isinstance(value, list):
        return ", ".join(str(one) for one in value)
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _recent(site: str) -> Any:
    def build(request: HttpRequest) -> Card:
        records = AuditRecord.objects.order_by("-recorded_at")[:CARD_ROWS]
        rows = [Row([one.recorded_at, one.actor_name, words(one.use_case)]) for one in records]
        table = Table("", ["When", "Who", "What"], rows, empty="Nothing has been done yet.")
        more = Link("All activity", reverse(f"{site}:platform_auditrecord_changelist"))
        return ListCard(title="Latest activity", icon="history", table=table, more=more)

    return build


for _site in (console_site, platform_site):
    _model: type[Model] = AuditRecord
    _site.register(_model, ActivityAdmin)
    register_view("activity/<uuid:key>", ActivityPage, name="activity_record", site=_site.key)
    register_page(
        "Operations",
        "Activity",
        "history",
        f"{_site.key}:platform_auditrecord_changelist",
        PERMISSION,
        site=_site.key,
    )
    register_card(_recent(_site.key), permission=PERMISSION, order=900, site=_site.key)
