"""Statements: the list, the import, and what became of each line."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar
from uuid import UUID

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponseBase
from django.urls import reverse

from apps.console.pages import FormPage, Header, PublicPage
from apps.console.registry import register_page, register_view
from apps.console.site import console_site
from apps.console.values import Fact, Link, Note, Progress, Ref, Row, Status, Table, Tone, Value
from apps.payments.selectors import provider_accounts
from apps.platform.ids import public_id
from apps.platform.money import Money
from apps.settlements.admin.lists import ListView, NamedListAdmin
from apps.settlements.connectors import PROFILE_NAMES
from apps.settlements.models import Statement
from apps.settlements.selectors import StatementLineRow, StatementRow, statement, statement_lines
from apps.settlements.selectors.statements import LINES_MAX, statement_row, statements_with_counts
from apps.settlements.services import import_statement

LIST = "console:settlements_statements"
PAGE = "console:settlements_statement"
IMPORT = "console:settlements_import"
RECONCILE = "settlements.reconcile"


class StatementAdmin(NamedListAdmin):
    """Every imported statement, the newest first."""

    permission = "settlements.view"
    title = "Statements"
    list_url_name = LIST
    object_url_name = PAGE
    links = (("Import a statement", IMPORT, RECONCILE),)
    empty_title = "No statement has been imported"
    empty_advice = "Download one from the provider's portal and import it here."
    list_display: ClassVar[Any] = [
        "file",
        "provider_account",
        "opening",
        "closing",
        "explained",
        "imported_at",
    ]
    list_filter: ClassVar[Any] = ["provider_account"]
    ordering: ClassVar[Any] = ["-imported_at", "-id"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """With how many lines are matched."""
        return statements_with_counts()

    def object_key(self, thing: Statement) -> str:
        """Its public id."""
        return public_id("stm", thing.id)

    @admin.display(description="File")
    def file(self, row: Statement) -> Value:
        """Its name as it came."""
        return row.file.name

    @admin.display(description="Opening")
    def opening(self, row: Statement) -> Money:
        """The balance before."""
        return Money(row.opening_minor, row.currency)

    @admin.display(description="Closing")
    def closing(self, row: Statement) -> Money:
        """The balance after."""
        return Money(row.closing_minor, row.currency)

    @admin.display(description="Matched")
    def explained(self, row: Statement) -> Value:
        """How much of it is explained by our own books."""
        return progress_of(statement_row(row))


class StatementPage(PublicPage):
    """One statement and its lines, each with what explains it."""

    permission: ClassVar[str] = "settlements.view"
    nav: ClassVar[str] = LIST
    prefix: ClassVar[str] = "stm"
    list_title: ClassVar[str] = "Statements"

    def read(self, id: UUID) -> StatementRow | None:
        """One statement."""
        return statement(statement_id=id)

    def header(self, thing: StatementRow) -> Header:
        """The file and the balance it ends with."""
        return Header(
            kind="Statement",
            reference=thing.file_name or self.subject(thing),
            status=Status("proved", tone="good"),
            amount=thing.closing,
        )

    def facts(self, thing: StatementRow) -> Sequence[Fact]:
        """Where it comes from and what it covers."""
        return [
            Fact("Provider account", thing.provider_account),
            Fact("Opening balance", thing.opening),
            Fact("Closing balance", thing.closing),
            Fact("First line", thing.first_at),
            Fact("Last line", thing.last_at),
            Fact("New lines", thing.new_lines),
            Fact("Known before", thing.known_lines),
            Fact("Matched", progress_of(thing)),
            Fact("Imported by", thing.imported_by.partition(":")[2]),
            Fact("SHA-256", Ref(thing.sha256[:16])),
        ]

    def checks(self, thing: StatementRow) -> Sequence[tuple[Tone, Value]]:
        """What was proved, and what is left for a person."""
        left = thing.movements - thing.matched
        proved = f"Opening balance and lines add up to {thing.closing}"
        if not left:
            return [("good", proved), ("good", "Every movement is matched with one of ours")]
        rest = f"{left} movement{'' if left == 1 else 's'} not matched: see the exceptions"
        return [("good", proved), ("warn", Link(rest, reverse("console:settlements_breaks")))]

    def lines(self, thing: StatementRow) -> Sequence[Table]:
        """Every line."""
        return [
            Table(
                f"Lines (the first {LINES_MAX})" if thing.new_lines > LINES_MAX else "Lines",
                ["Booked", "Reference", "Text", "Amount", "Explained by"],
                [_line(line) for line in statement_lines(statement_id=thing.id)],
                is_filterable=True,
                empty="This file brought nothing that was not known before.",
            )
        ]


class ImportForm(forms.Form):
    """A file and how to read it."""

    provider_account = forms.ChoiceField(label="Provider account")
    profile = forms.ChoiceField(label="Format", choices=list(PROFILE_NAMES.items()))
    file = forms.FileField(label="File")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        accounts: Any = self.fields["provider_account"]
        accounts.choices = [(row.label, row.name) for row in provider_accounts()]


class ImportPage(FormPage):
    """Import a statement: it is proved, loaded and matched, or nothing of it is kept."""

    title: ClassVar[str] = "Import a statement"
    permission: ClassVar[str] = RECONCILE
    nav: ClassVar[str] = LIST
    form_class = ImportForm
    submit: ClassVar[str] = "Import"
    intro: ClassVar[str] = (
        "Its lines must lead from the opening to the closing balance, and continue what was "
        "imported before. Importing a file twice adds nothing."
    )

    def crumbs(self) -> Sequence[Link]:
        """Back to the list."""
        return (Link("Statements", reverse(LIST)),)

    def perform(self, data: dict[str, Any]) -> str | HttpResponseBase:
        """Import it and go to its page."""
        statement_id = import_statement(
            provider_account=data["provider_account"],
            profile=data["profile"],
            name=data["file"].name,
            content=data["file"].read(),
            actor=self.actor,
        )
        row = statement(statement_id=statement_id)
        new = row.new_lines if row else 0
        said = f"The statement is proved. {new} line{' is' if new == 1 else 's are'} new."
        return self.done(said, reverse(PAGE, args=[public_id("stm", statement_id)]))


def progress_of(row: StatementRow) -> Value:
    """How many movements are matched."""
    if not row.movements:
        return "No movements"
    return Progress(row.matched, row.movements, "Matched")


def _line(line: StatementLineRow) -> Row:
    explained: Value = Status("fee", tone="calm") if line.kind == "fee" else None
    if line.matched_with:
        explained = Note(Status("matched"), line.matched_by_rule)
    if line.break_id is not None:
        url = reverse("console:settlements_break", args=[public_id("brk", line.break_id)])
        explained = Note(Ref(line.break_reference, url), Status(line.break_state, tone="warn"))
    return Row(
        [line.booked_at, Ref(line.provider_reference), line.text, line.amount, explained],
        tone="warn" if line.break_id and line.break_state != "resolved" else None,
        anchor=public_id("sl", line.id),
    )


console_site.register(Statement, StatementAdmin)
register_view("settlements/statements/", ListView, name="settlements_statements", model=Statement)
register_view("settlements/statements/import", ImportPage, name="settlements_import")
register_view("settlements/statements/<str:key>/", StatementPage, name="settlements_statement")
register_page("Reconcile", "Statements", "receipt_long", LIST, "settlements.view", order=20)
