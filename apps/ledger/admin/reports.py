"""The reports in the console: trial balance, balance sheet, income statement, ledger, statement."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from django import forms
from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.http import urlencode

from apps.console.pages import DocumentPage
from apps.console.registry import register_page, register_view
from apps.console.values import Link
from apps.ledger.selectors.reports import Question, is_long, report
from apps.ledger.services import start_report
from apps.platform.documents import Document, Line

PERMISSION = "ledger.view"
GENERAL_LEDGER = "console:ledger_general_ledger"


def day(label: str, help_text: str = "") -> forms.DateField:
    """A value date that may be left empty."""
    return forms.DateField(
        label=label,
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}),
        help_text=help_text,
    )


class PeriodForm(forms.Form):
    """Value dates, both included; empty ones reach as far as the books do."""

    starts = day("From")
    ends = day("Until")
    currency = forms.CharField(label="Currency", required=False, max_length=12)


class AsOfForm(forms.Form):
    """A day, and another beside it."""

    ends = day("At the end of")
    compare_ends = day("Beside")
    currency = forms.CharField(label="Currency", required=False, max_length=12)


class ComparedForm(PeriodForm):
    """A period, another beside it, and whether the closing of the year counts."""

    compare_starts = day("Beside, from")
    compare_ends = day("Beside, until")
    without_closings = forms.BooleanField(label="Without closing entries", required=False)


class LedgerForm(PeriodForm):
    """Which accounts, which days, which answers."""

    account = forms.CharField(label="Account or header", required=False, max_length=64)
    dimension = forms.CharField(label="Dimension", required=False, max_length=40)
    answer = forms.CharField(label="Its value", required=False, max_length=100)
    field_order = ("account", "starts", "ends", "currency", "dimension", "answer")


class StatementForm(forms.Form):
    """Whose statement, and of which days."""

    account = forms.CharField(label="Account", max_length=64)
    starts = day("From")
    ends = day("Until")


class AccountAsOfForm(forms.Form):
    """Of one account or all, at the end of a day."""

    account = forms.CharField(label="Account", required=False, max_length=64)
    ends = day("At the end of")


class BooksPage(DocumentPage):
    """A report of the books: its name is the one it has in the API."""

    permission = PERMISSION
    report_name: ClassVar[str] = ""

    def document(self, parameters: dict[str, Any]) -> Document:
        """As the API answers it."""
        return report(self.report_name, self.question(parameters))

    def question(self, parameters: dict[str, Any]) -> Question:
        """From the form."""
        return Question(**{name: value for name, value in parameters.items() if value})

    def line_url(self, line: Line, parameters: dict[str, Any]) -> str:
        """A figure of an account leads to its postings, a posting to its entry."""
        kind, name = line.about
        if kind == "entry":
            return reverse("console:ledger_entry", args=[name])
        if kind != "account":
            return ""
        asked = {
            "account": name,
            "starts": parameters.get("starts"),
            "ends": parameters.get("ends"),
        }
        given = {key: value for key, value in asked.items() if value}
        return f"{reverse(GENERAL_LEDGER)}?{urlencode(given)}"

    def file(self, parameters: dict[str, Any], kind: str) -> HttpResponse:
        """At once, or by a worker when it is long."""
        question = self.question(parameters)
        if not is_long(self.report_name, question):
            return super().file(parameters, kind)
        job = start_report(
            report=self.report_name,
            question=question,
            file_kind=kind,  # type: ignore[arg-type]  # one of the export kinds
            actor=self.actor,
        )
        messages.info(self.request, "The report is long, so a worker writes it. It waits here.")
        return HttpResponseRedirect(self.url_of("job", job))


class TrialBalancePage(BooksPage):
    """What every account held, moved and holds."""

    title = "Trial balance"
    nav = "ledger_trial_balance"
    report_name = "trial-balance"
    intro = (
        "What every account held before, moved and holds, by value date. Headers show the sum of "
        "what is below them; a figure leads to its postings."
    )
    form_class: ClassVar[type[forms.Form] | None] = PeriodForm


class BalanceSheetPage(BooksPage):
    """What the house owns and owes."""

    title = "Balance sheet"
    nav = "ledger_balance_sheet"
    report_name = "balance-sheet"
    intro = "What the house owns, what it owes, and what is its own, at the end of a day."
    form_class: ClassVar[type[forms.Form] | None] = AsOfForm


class IncomeStatementPage(BooksPage):
    """What was earned and what it cost."""

    title = "Income statement"
    nav = "ledger_income_statement"
    report_name = "income-statement"
    intro = "What was earned and what it cost within some days, beside other days."
    form_class: ClassVar[type[forms.Form] | None] = ComparedForm


class GeneralLedgerPage(BooksPage):
    """Every posting of every account."""

    title = "General ledger"
    nav = "ledger_general_ledger"
    report_name = "general-ledger"
    intro = "Every posting, between what its account held before and after. Long ones become files."
    form_class: ClassVar[type[forms.Form] | None] = LedgerForm

    def section_link(self, lines: Sequence[Line]) -> Link | None:
        """To the account itself."""
        code = lines[0].about[1]
        return Link(f"Account {code}", reverse("console:ledger_account", args=[code]))

    def line_url(self, line: Line, parameters: dict[str, Any]) -> str:
        """Only postings lead on."""
        return super().line_url(line, parameters) if line.about[0] == "entry" else ""


class AccountStatementPage(BooksPage):
    """The statement of one account."""

    title = "Account statement"
    nav = "ledger_account_statement"
    report_name = "account-statement"
    intro = "One account from its opening to its closing balance, as it is handed to its owner."
    form_class: ClassVar[type[forms.Form] | None] = StatementForm


for order, (page, icon) in enumerate(
    (
        (TrialBalancePage, "balance"),
        (BalanceSheetPage, "account_balance_wallet"),
        (IncomeStatementPage, "trending_up"),
        (GeneralLedgerPage, "library_books"),
        (AccountStatementPage, "receipt_long"),
    )
):
    path = f"ledger/{page.report_name}"
    register_view(path, page, name=page.nav)
    register_page("Ledger", page.title, icon, f"console:{page.nav}", PERMISSION, order=30 + order)
