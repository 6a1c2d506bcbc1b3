"""Posting templates in the console: the list, and one version with its legs and examples."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseBase, QueryDict
from django.urls import reverse

from apps.console.lists import ReadOnlyAdmin
from apps.console.pages import Action, Approval, Header, ObjectPage
from apps.console.pages.actions import text_of
from apps.console.pages.objects import Banner
from apps.console.registry import register_page, register_view
from apps.console.site import console_site
from apps.console.values import Fact, Link, Note, Row, Several, Status, Table, Tone, Value
from apps.identity.models import User
from apps.identity.step_up import recent
from apps.ledger.domain.templates import (
    Fixed,
    Parameter,
    Rest,
    Share,
    TemplateBody,
    TemplateLeg,
    VersionState,
    Whole,
    reference,
)
from apps.ledger.models import PostingTemplate
from apps.ledger.selectors.templates import (
    ENTRIES_SHOWN,
    VersionRow,
    entries_of_template,
    template_version,
    templates_with_versions,
)
from apps.ledger.services import (
    ExampleResult,
    activate_template,
    check_template,
    retire_template,
)
from apps.platform.ids import public_id
from apps.platform.money import Money

VIEW, POST = "ledger.view", "ledger.post"
MANAGE, ACTIVATE = "ledger.manage_templates", "ledger.activate_template"
LIST = "console:ledger_postingtemplate_changelist"
_TONES: dict[VersionState, Tone] = {VersionState.DRAFT: "info", VersionState.RETIRED: "calm"}
_MAY_CHECK = (MANAGE, ACTIVATE)


class TemplateAdmin(ReadOnlyAdmin):
    """Every template, by code."""

    permission = VIEW
    title = "Posting templates"
    object_url_name = "console:ledger_template"
    intro = "A template makes entries of one kind from a few parameters, always by the same rule."
    search_fields: ClassVar[Any] = ["^code", "name"]
    search_help = "Code, or part of the name"
    empty_title = "No posting template yet"
    empty_advice = "Write one; a second person activates it once its examples post."
    list_display: ClassVar[Any] = ["template", "name", "state", "drafts"]
    links: ClassVar[Any] = (("Write a template", "console:ledger_template_new", MANAGE),)
    ordering: ClassVar[Any] = ["code"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """With their versions."""
        return templates_with_versions()

    def object_key(self, thing: PostingTemplate) -> str:
        """Its code: the page shows the active version, else the newest."""
        return thing.code

    @admin.display(description="Template", ordering="code")
    def template(self, row: PostingTemplate) -> Value:
        """Its code."""
        return row.code

    @admin.display(description="In use")
    def state(self, row: PostingTemplate) -> Value:
        """The active version, if there is one."""
        for version in row.versions.all():
            if version.state == VersionState.ACTIVE:
                return Status("active", f"Version {version.number}")
        return Status("none", "None", "calm")

    @admin.display(description="Drafts")
    def drafts(self, row: PostingTemplate) -> Value:
        """Versions that wait for a second person."""
        found = [one.number for one in row.versions.all() if one.state == VersionState.DRAFT]
        return ", ".join(f"version {number}" for number in found)


class TemplatePage(ObjectPage):
    """One version: what it posts, what it is tried with, who let it in, what it made."""

    permission: ClassVar[str] = VIEW
    nav: ClassVar[str] = LIST

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """The page, or the version as a file that can be imported."""
        if request.GET.get("export") != "json":
            return super().get(request, *args, **kwargs)
        thing = self.find(self.kwargs["key"])
        text = json.dumps(thing.document, indent=2, ensure_ascii=False)
        response = HttpResponse(text, content_type="application/json")
        response["Content-Disposition"] = f'attachment; filename="{thing.code}.{thing.number}.json"'
        return response

    def crumbs(self) -> Sequence[Link]:
        """Back to the list."""
        return (Link("Posting templates", reverse(LIST)),)

    def find(self, key: str) -> VersionRow:
        """``code`` or ``code@3``."""
        return template_version(key)

    def subject(self, thing: VersionRow) -> str:
        """As its entries name it."""
        return thing.reference

    def header(self, thing: VersionRow) -> Header:
        """What it is for."""
        return Header(
            kind="Posting template",
            reference=thing.reference,
            status=state_of(thing.state),
            note=thing.name,
        )

    def banner(self, thing: VersionRow) -> Banner | None:
        """What a draft needs."""
        if thing.state is VersionState.DRAFT:
            text = "Nothing is posted by it before its examples post and somebody else activates it"
            return Banner(title="This version is a draft.", text=f"{text}.", icon="edit_note")
        active = next((one for one in thing.versions if one.state is VersionState.ACTIVE), None)
        if thing.state is VersionState.RETIRED and active is not None:
            title = f"Version {active.number} is in use instead."
            return Banner(title=title, icon="history")
        return None

    def facts(self, thing: VersionRow) -> Sequence[Fact]:
        """What every entry of it says, and who made it."""
        body = thing.body
        return [
            Fact("Kind", body.kind),
            Fact("Description", body.description),
            Fact("Value date", body.value_date or "As asked, else today"),
            Fact("Reason", body.reason or None),
            Fact("Written by", Note(thing.maker.partition(":")[2], thing.created_at)),
            Fact("As a file", Link("Export", f"{_url(thing.reference)}?export=json")),
            *_retired(thing),
        ]

    def lines(self, thing: VersionRow) -> Sequence[Table]:
        """Its legs, its parameters, its examples, and what was made with it."""
        body = thing.body
        legs = [Row(_leg_cells(body, leg)) for leg in body.legs]
        parameters = [Row(_parameter_cells(one)) for one in body.parameters]
        return [
            Table("Legs", ["Side", "Account", "Amount", "Clearing key"], legs),
            Table("Parameters", ["Name", "Type", "Label", "Currency"], parameters),
            Table(
                "Examples",
                ["Example", "Parameters", "Must post", "Result"],
                self._examples(thing),
                empty="There is no example; without one it is never activated.",
            ),
        ]

    def related(self, thing: VersionRow) -> Sequence[Table]:
        """The other versions, and the entries."""
        versions = [
            Row(
                [f"Version {one.number}", state_of(one.state), one.maker.partition(":")[2]],
                url=_url(reference(thing.code, one.number)),
            )
            for one in thing.versions
        ]
        entries = [
            Row(
                [public_id("je", entry.id), entry.description, entry.value_date, entry.posted_at],
                url=reverse("console:ledger_entry", args=[public_id("je", entry.id)]),
            )
            for entry in entries_of_template(thing.reference)[:ENTRIES_SHOWN]
        ]
        columns = ["Entry", "Description", "Value date", "Posted"]
        return [
            Table("Entries", columns, entries, empty="Nothing has been posted by this version."),
            Table("Versions", ["Version", "State", "Written by"], versions),
        ]

    def approvals(self, thing: VersionRow) -> Sequence[Approval]:
        """The second pair of eyes, or the seat for it."""
        if thing.activated_at is not None:
            name = thing.activator.partition(":")[2]
            decision = Status("activated", tone="good")
            return [Approval(who=name, decision=decision, at=thing.activated_at)]
        return [Approval()] if thing.state is VersionState.DRAFT else []

    def actions(self, thing: VersionRow) -> Sequence[Action]:
        """What can be done with it now."""
        write = Action(name="write", label="Write the next version…", permission=MANAGE)
        match thing.state:
            case VersionState.DRAFT:
                user = self.request.user
                own = isinstance(user, User) and user.person == thing.maker_person
                why_not = "You wrote this version, so someone else must activate it." if own else ""
                return [
                    Action(
                        name="activate",
                        label=f"Activate version {thing.number}",
                        look="main",
                        key="a",
                        permission=ACTIVATE,
                        why_not=why_not,
                    ),
                    *self._check(),
                    write,
                    _retirement("Give this draft up"),
                ]
            case VersionState.ACTIVE:
                return [
                    Action(name="post", label="Post by it…", look="main", key="p", permission=POST),
                    *self._check(),
                    write,
                    _retirement("Take it out of use"),
                ]
        return [write]

    def do_activate(self, thing: VersionRow, form: QueryDict) -> str:
        """Let it in."""
        activate_template(
            template=thing.reference, step_up_at=recent(self.request), actor=self.actor
        )
        return f"{thing.reference} is in use; every example posted what it must."

    def do_check(self, thing: VersionRow, form: QueryDict) -> HttpResponseBase:
        """Try the examples, and show what each posted."""
        return self.done("", f"{_url(thing.reference)}?check=now")

    def do_write(self, thing: VersionRow, form: QueryDict) -> HttpResponseBase:
        """To the form, with what this version says."""
        url = reverse("console:ledger_template_new")
        return self.done("", f"{url}?from={thing.reference}")

    def do_post(self, thing: VersionRow, form: QueryDict) -> HttpResponseBase:
        """To the form of its parameters."""
        return self.done("", reverse("console:ledger_template_post", args=[thing.code]))

    def do_retire(self, thing: VersionRow, form: QueryDict) -> str:
        """For good."""
        retire_template(template=thing.reference, reason=text_of(form), actor=self.actor)
        return f"{thing.reference} is out of use."

    def _check(self) -> list[Action]:
        """For whoever writes or activates: a dry run takes locks."""
        if not any(self.may(permission) for permission in _MAY_CHECK):
            return []
        return [Action(name="check", label="Try the examples now")]

    def _examples(self, thing: VersionRow) -> list[Row]:
        """With what was found at the activation, or what is found now when it is asked for."""
        found: list[Mapping[str, Any]] = list(thing.checks)
        if self.request.GET.get("check") == "now" and self._check():
            results: list[ExampleResult] = check_template(
                template=thing.reference, actor=self.actor
            )
            found = [one.as_json() for one in results]
        return [
            _example_row(example, found[place] if place < len(found) else None)
            for place, example in enumerate(thing.content["examples"])
        ]


def state_of(state: VersionState) -> Status:
    """The state as a pill."""
    return Status(state, "", _TONES.get(state))


def _url(named: str) -> str:
    return reverse("console:ledger_template", args=[named])


def _retired(thing: VersionRow) -> list[Fact]:
    if thing.retired_at is None:
        return []
    who = Note(thing.retired_by.partition(":")[2], thing.retired_at)
    return [Fact("Retired by", who), Fact("Because", thing.retired_reason)]


def _retirement(label: str) -> Action:
    return Action(
        name="retire",
        label=label,
        look="danger",
        permission=MANAGE,
        asks="Reason",
        confirm="This version ends for good; what it posted stays.",
    )


def _leg_cells(body: TemplateBody, leg: TemplateLeg) -> list[Value]:
    return [leg.side.capitalize(), leg.account, _amount(body, leg), leg.clearing_key]


def _amount(body: TemplateBody, leg: TemplateLeg) -> Value:
    """As a person says it; a fixed amount too is a text, since the others are."""
    match leg.amount:
        case Whole(name):
            return name
        case Share(name, int(basis_points)):
            return f"{basis_points / 100:.2f} % of {name}"
        case Share(name, parameter):
            return f"{parameter} % of {name}"
        case Fixed(minor, currency):
            return str(Money(minor, currency))
        case Rest(currency):
            return f"The rest in {currency}" if currency else "The rest"


def _parameter_cells(one: Parameter) -> list[Value]:
    return [one.name, one.type.replace("_", " "), one.label, one.currency]


def _example_row(example: Mapping[str, Any], found: Mapping[str, Any] | None) -> Row:
    given = ", ".join(f"{name} {_said(one)}" for name, one in example["parameters"].items())
    if found is None:
        return Row([example["name"], given, _legs(example["legs"]), "Not tried"])
    if found["passed"]:
        result: Value = Status("passed", tone="good")
    else:
        instead = found["refusal"] or _legs(found["legs"])
        result = Several((Status("failed", tone="bad"), instead))
    tone: Tone | None = None if found["passed"] else "bad"
    return Row([example["name"], given, _legs(example["legs"]), result], tone=tone)


def _legs(legs: Sequence[Mapping[str, Any]]) -> str:
    return "; ".join(
        f"{leg['side']} {leg['account']} {_said(leg['amount'])} {leg['clearing_key']}".strip()
        for leg in legs
    )


def _said(value: Any) -> str:
    if isinstance(value, Mapping):
        return str(Money(value["amount"], value["currency"]))
    return str(value)


console_site.register(PostingTemplate, TemplateAdmin)
register_view("ledger/templates/<str:key>", TemplatePage, name="ledger_template")
register_page("Ledger", "Posting templates", "stylus_note", LIST, VIEW, order=16)
