"""Writing a manual journal: a grid of lines worked through with the keyboard.

The page works without its script; the script adds lines, the totals of each currency as they are
typed, and what is missing. What is wrong is said beside the line it is wrong in.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any, ClassVar
from uuid import UUID

from django import forms
from django.http import HttpResponseBase
from django.urls import reverse

from apps.console.pages import FormPage
from apps.console.registry import register_view
from apps.console.values import Link
from apps.ledger.admin.journals import LIST, WRITE
from apps.ledger.admin.periods import id_of
from apps.ledger.domain import PostingDraft, Side
from apps.ledger.domain.journals import MANUAL, JournalDraft
from apps.ledger.errors import UnbalancedEntry
from apps.ledger.models import Account
from apps.ledger.selectors.manual_journals import JournalRow, manual_journal
from apps.ledger.services import change_journal, draft_journal
from apps.platform import clock
from apps.platform.errors import DomainError
from apps.platform.ids import public_id
from apps.platform.money import Money
from apps.platform.tenant import current_tenant

LINES_MIN = 4
#: The cells of a line, by the names of their fields and of ``GridLine``.
COLUMNS = ("account", "debit", "credit", "clearing_key")
KEY_MAX = 100  # letters of a clearing key
#: Offered in the box of accounts; any other code can be typed.
ACCOUNTS_MAX = 2000
KINDS = [
    (MANUAL, "Entry by hand"),
    ("manual.adjustment", "Adjustment of a closed period"),
    ("manual.accrual", "Accrual or deferral"),
    ("manual.correction", "Correction"),
]


class JournalForm(forms.Form):
    """What stands above the lines."""

    description = forms.CharField(max_length=200)
    kind = forms.ChoiceField(choices=KINDS)
    value_date = forms.DateField(widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}))
    reverses_on = forms.DateField(
        label="Take it back on",
        required=False,
        widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}),
        help_text="An accrual ends by itself on this day.",
    )


@dataclass(slots=True)
class GridLine:
    """One line as it was typed, and what is wrong with it."""

    account: str = ""
    debit: str = ""
    credit: str = ""
    clearing_key: str = ""
    error: str = ""

    @property
    def is_empty(self) -> bool:
        """True if nothing was typed."""
        return not (self.account or self.debit or self.credit or self.clearing_key)


class NewJournalPage(FormPage):
    """Keeps a new journal as a draft."""

    permission: ClassVar[str] = WRITE
    title: ClassVar[str] = "Write a journal"
    nav: ClassVar[str] = LIST
    template_name: ClassVar[str] = "ledger/journal_form.html"
    submit: ClassVar[str] = "Keep the draft"
    form_class: type[forms.Form] = JournalForm

    def crumbs(self) -> Sequence[Link]:
        """Back to the list."""
        return (Link("Manual journals", reverse(LIST)),)

    def initial(self) -> dict[str, Any]:
        """Today."""
        return {"value_date": clock.today(current_tenant().zone), "kind": MANUAL}

    def first_lines(self) -> list[GridLine]:
        """Empty ones."""
        return []

    def context(self) -> dict[str, Any]:
        """The lines, and the accounts to choose from with their currencies."""
        typed = self.typed() if self.request.method == "POST" else self.first_lines()
        missing = max(LINES_MIN - len(typed), 1)
        accounts = Account.objects.filter(is_header=False).order_by("code")
        return {
            "lines": [*typed, *(GridLine() for _ in range(missing))],
            "accounts": accounts.values_list("code", "name", "currency")[:ACCOUNTS_MAX],
        }

    def typed(self) -> list[GridLine]:
        """The lines that are not empty, as they were sent."""
        if not hasattr(self, "_typed"):
            form = self.request.POST
            columns = (form.getlist(name) for name in COLUMNS)
            lines = [
                GridLine(*(cell.strip() for cell in cells)) for cells in zip(*columns, strict=False)
            ]
            self._typed = [line for line in lines if not line.is_empty]
        return self._typed

    def perform(self, data: dict[str, Any]) -> str | HttpResponseBase:
        """Draft it, unless a line is wrong."""
        postings = self.postings()
        if any(line.error for line in self.typed()):
            problem = "Some lines are not complete: see what is said beside them."
            return self.show(status=422, form=self.make_form(), problem=problem)
        try:
            said, url = self.keep(data, postings)
        except UnbalancedEntry as error:
            over = Money(error.debits_minor - error.credits_minor, error.currency)
            side = "debits" if over.minor > 0 else "credits"
            problem = f"The {side} are {abs(over)} more than the other side."
            return self.show(status=422, form=self.make_form(), problem=problem)
        except DomainError as error:
            leg = getattr(error, "leg", 0)
            if not leg:
                raise
            self.typed()[leg - 1].error = error.title
            return self.show(status=422, form=self.make_form())
        return self.done(said, url)

    def keep(self, data: dict[str, Any], postings: Sequence[PostingDraft]) -> tuple[str, str]:
        """Keep what was typed; answers what to say, and where it is shown."""
        journal_id = self.written(JournalDraft(**data, postings=postings))
        url = reverse("console:ledger_journal", args=[public_id("mj", journal_id)])
        return "The journal is kept. Read it, then submit it for approval.", url

    def written(self, draft: JournalDraft) -> UUID:
        """As a new one; answers its id."""
        return draft_journal(draft=draft, actor=self.actor)

    def postings(self) -> list[PostingDraft]:
        """The legs, with what is wrong noted on its line."""
        codes = {line.account for line in self.typed()}
        currencies = dict(
            Account.objects.filter(code__in=codes, is_header=False).values_list("code", "currency")
        )
        legs = []
        for line in self.typed():
            leg = _leg(line, currencies.get(line.account, ""))
            if leg is not None:
                legs.append(leg)
        return legs


class ChangeJournalPage(NewJournalPage):
    """Writes a journal anew; what was approved of it counts no more."""

    title: ClassVar[str] = "Change a journal"

    def journal(self) -> JournalRow:
        """The one that is changed."""
        return manual_journal(id_of("mj", self.kwargs["key"]))

    def initial(self) -> dict[str, Any]:
        """What it says now."""
        row = self.journal()
        return {
            "description": row.description,
            "kind": row.kind,
            "value_date": row.value_date,
            "reverses_on": row.reverses_on,
        }

    def first_lines(self) -> list[GridLine]:
        """Its legs."""
        lines = []
        for leg in self.journal().postings:
            amount = f"{leg.amount.major:f}"
            is_debit = leg.side is Side.DEBIT
            lines.append(
                GridLine(
                    account=leg.account,
                    debit=amount if is_debit else "",
                    credit="" if is_debit else amount,
                    clearing_key=leg.clearing_key,
                )
            )
        return lines

    def written(self, draft: JournalDraft) -> UUID:
        """Over the old one."""
        id = self.journal().id
        change_journal(journal_id=id, draft=draft, actor=self.actor)
        return id


def _leg(line: GridLine, currency: str) -> PostingDraft | None:
    """The leg a line stands for; what is wrong is noted on the line."""
    if not currency:
        line.error = "There is no such account to post to." if line.account else "Which account?"
        return None
    if bool(line.debit) == bool(line.credit):
        line.error = "Give a debit or a credit, not both." if line.debit else "How much?"
        return None
    try:
        text = (line.debit or line.credit).replace(",", "").replace(" ", "")
        amount = Money.from_major(Decimal(text), currency)
    except (InvalidOperation, ValueError):
        line.error = f"This is no amount in {currency}."
        return None
    if amount.minor <= 0:
        line.error = "An amount above zero; the column says which side."
        return None
    if len(line.clearing_key) > KEY_MAX:
        line.error = f"A clearing key has at most {KEY_MAX} letters."
        return None
    side = Side.DEBIT if line.debit else Side.CREDIT
    return PostingDraft(line.account, side, amount, line.clearing_key)


register_view("ledger/journal/new", NewJournalPage, name="ledger_journal_new")
register_view("ledger/journals/<str:key>/change", ChangeJournalPage, name="ledger_journal_change")
