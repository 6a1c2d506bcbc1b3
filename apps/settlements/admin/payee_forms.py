"""Writing payees and their payout details: by hand and by the file."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar
from uuid import UUID

from django import forms
from django.http import HttpResponse, HttpResponseBase
from django.urls import reverse

from apps.console.pages import FormPage, Header, PublicPage
from apps.console.registry import register_view
from apps.console.values import Fact, Link, Ref, Row, Status, Table
from apps.platform.currencies import CURRENCIES
from apps.platform.errors import DomainError
from apps.platform.ids import parse_public_id, public_id
from apps.settlements import services
from apps.settlements.admin.payees import LIST
from apps.settlements.domain import PayeeKind, PayoutDetails, Rail
from apps.settlements.domain.payee_files import COLUMNS
from apps.settlements.errors import InvalidDetails
from apps.settlements.models import Payee
from apps.settlements.selectors import PayeeFileRow, payee_file

PAGE = "console:settlements_payee"
FILE = "console:settlements_payee_file"
VIEW, DRAFT = "settlements.view", "settlements.draft"


class DetailsForm(forms.Form):
    """Where the money is to go. What does not belong to the rail stays empty."""

    rail = forms.ChoiceField(
        label="Paid to", choices=[(Rail.PHONE, "A mobile wallet"), (Rail.BANK, "A bank account")]
    )
    phone = forms.CharField(
        label="Phone", required=False, help_text="Of a wallet, such as 0712 345 678"
    )
    account_name = forms.CharField(label="Owner of the account", required=False, max_length=70)
    iban = forms.CharField(label="IBAN", required=False, help_text="Where the bank has one")
    account = forms.CharField(label="Account number", required=False)
    clearing_member = forms.CharField(
        label="Bank and branch", required=False, help_text="Number in the national clearing"
    )
    bic = forms.CharField(label="BIC", required=False)

    def details(self) -> PayoutDetails:
        """As a value."""
        names = ("phone", "account_name", "iban", "account", "clearing_member", "bic")
        facts = {name: self.cleaned_data[name] for name in names}
        return PayoutDetails(rail=Rail(self.cleaned_data["rail"]), **facts)


class PayeeForm(DetailsForm):
    """A new payee."""

    field_order = ("reference", "name", "kind", "currency")

    reference = forms.SlugField(label="Reference", max_length=40)
    name = forms.CharField(label="Name", max_length=150)
    kind = forms.ChoiceField(label="Kind", choices=[(one, one.capitalize()) for one in PayeeKind])
    currency = forms.ChoiceField(
        label="Currency", choices=[(one, one) for one in sorted(CURRENCIES)], initial="KES"
    )


class PayeeFormPage(FormPage):
    """A form whose way back is the list of payees."""

    permission: ClassVar[str] = DRAFT
    nav: ClassVar[str] = LIST
    intro: ClassVar[str] = (
        "Somebody else verifies the details before money goes there, and they cool: a day when "
        "the payee is new, two days when details changed."
    )

    def crumbs(self) -> Sequence[Link]:
        """Back to the list."""
        return (Link("Payees", reverse(LIST)),)

    def make_form(self) -> forms.Form:
        """Kept, because the use case takes its value."""
        self.form: Any = super().make_form()
        return self.form

    def not_done(self, error: DomainError, **more: Any) -> HttpResponse:
        """What is wrong with details stands beside the field it is in."""
        if not isinstance(error, InvalidDetails):
            return super().not_done(error, **more)
        for field, sentence in error.problems.items():
            self.form.add_error(field, f"{sentence[:1].upper()}{sentence[1:]}.")
        return self.show(status=422, form=self.form)


class NewPayee(PayeeFormPage):
    """Register a payee by hand."""

    title: ClassVar[str] = "New payee"
    form_class = PayeeForm
    submit: ClassVar[str] = "Register the payee"

    def perform(self, data: dict[str, Any]) -> str | HttpResponseBase:
        """Register it and go to its page."""
        services.register_payee(
            reference=data["reference"],
            name=data["name"],
            kind=PayeeKind(data["kind"]),
            details=self.form.details(),
            currency=data["currency"],
            actor=self.actor,
        )
        id = Payee.objects.get(reference=data["reference"]).id
        return self.done("The payee is registered.", reverse(PAGE, args=[public_id("payee", id)]))


class ChangeDetails(PayeeFormPage):
    """Write the next version of a payee's details."""

    title: ClassVar[str] = "New payout details"
    form_class = DetailsForm
    submit: ClassVar[str] = "Write the new version"

    def perform(self, data: dict[str, Any]) -> str | HttpResponseBase:
        """Write them and go back to the payee."""
        key = self.kwargs["key"]
        version = services.change_payee_details(
            payee_id=parse_public_id("payee", key),
            details=self.form.details(),
            actor=self.actor,
        )
        return self.done(f"Version {version} waits to be verified.", reverse(PAGE, args=[key]))


class FileForm(forms.Form):
    """A CSV."""

    file = forms.FileField(label="File", help_text="Columns: " + ", ".join(COLUMNS))


class ImportPayees(PayeeFormPage):
    """Many payees at once."""

    title: ClassVar[str] = "Import payees"
    form_class = FileForm
    submit: ClassVar[str] = "Import"
    intro: ClassVar[str] = (
        "A CSV whose first row names the columns. Wrong rows are left out and listed; correct "
        "them and send the whole file again, for known rows change nothing."
    )

    def perform(self, data: dict[str, Any]) -> str | HttpResponseBase:
        """Import it and show what became of each row."""
        file = data["file"]
        id = services.import_payees(name=file.name, content=file.read(), actor=self.actor)
        return self.done("The file is read.", reverse(FILE, args=[public_id("pf", id)]))


class PayeeFilePage(PublicPage):
    """What became of a file of payees."""

    permission: ClassVar[str] = VIEW
    nav: ClassVar[str] = LIST
    prefix: ClassVar[str] = "pf"
    list_title: ClassVar[str] = "Payees"

    def read(self, id: UUID) -> PayeeFileRow | None:
        """One file."""
        return payee_file(file_id=id)

    def header(self, thing: PayeeFileRow) -> Header:
        """Whether all of it was good."""
        wrong = len({one.row for one in thing.problems})
        rows = "row" if wrong == 1 else "rows"
        good = Status("complete", tone="good")
        return Header(
            kind="File of payees",
            reference=thing.name,
            status=Status(f"{wrong} {rows} left out", tone="warn") if wrong else good,
        )

    def facts(self, thing: PayeeFileRow) -> Sequence[Fact]:
        """How many of what."""
        return [
            Fact("Rows", thing.rows),
            Fact("New payees", thing.added),
            Fact("Changed details", thing.changed),
            Fact("Known already", thing.unchanged),
            Fact("Imported", thing.imported_at),
            Fact("By", thing.imported_by.partition(":")[2]),
            Fact("SHA-256", Ref(thing.sha256[:16])),
        ]

    def lines(self, thing: PayeeFileRow) -> Sequence[Table]:
        """What is wrong, row by row."""
        return [
            Table(
                "Rows that were left out",
                ["Row", "Column", "What is wrong"],
                [Row([str(one.row), one.column, one.sentence]) for one in thing.problems],
                is_filterable=True,
                empty="Every row was good.",
            )
        ]


_AT = "settlements/payees/"
register_view(f"{_AT}new", NewPayee, name="settlements_payee_new")
register_view(f"{_AT}import", ImportPayees, name="settlements_payee_import")
register_view(f"{_AT}files/<str:key>/", PayeeFilePage, name="settlements_payee_file")
register_view(f"{_AT}<str:key>/details", ChangeDetails, name="settlements_details_change")
