"""The year end in the console: a dry run that is always there, and the carrying."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from django import forms
from django.http import QueryDict
from django.urls import reverse

from apps.console.pages import Action, FormPage, Header, ObjectPage
from apps.console.pages.actions import text_of
from apps.console.registry import register_view
from apps.console.values import Fact, Link, Note, Row, Several, Status, Table, Tone, Value
from apps.ledger.admin.periods import BOARD, CLOSE, VIEW, id_of
from apps.ledger.domain import Side
from apps.ledger.selectors.years import (
    CurrencyResult,
    YearRow,
    fiscal_year,
    retaining_accounts,
)
from apps.ledger.services import carry_year_result, take_back_year_result
from apps.platform.ids import public_id


class YearPage(ObjectPage):
    """A fiscal year: what its result is, and whether it is in retained earnings."""

    permission: ClassVar[str] = VIEW
    nav: ClassVar[str] = BOARD

    def crumbs(self) -> Sequence[Link]:
        """Back to the board."""
        return (Link("Periods", reverse(BOARD)),)

    def find(self, key: str) -> YearRow:
        """By its public id."""
        return fiscal_year(id_of("fy", key))

    def subject(self, thing: YearRow) -> str:
        """The public id."""
        return public_id("fy", thing.id)

    def header(self, thing: YearRow) -> Header:
        """Its name, and whether its result is carried."""
        state = Status("open", "Result not carried", "calm")
        if thing.entries:
            state = Status("carried", "Result carried", "warn" if thing.left else "good")
        return Header(kind="Fiscal year", reference=thing.name, status=state)

    def facts(self, thing: YearRow) -> Sequence[Fact]:
        """Its days and its result so far."""
        results = Several(tuple(one.result for one in thing.left))
        return [
            Fact("First day", thing.starts),
            Fact("Last day", thing.ends),
            Fact("Result still to carry", results if thing.left else "Nothing"),
            Fact(
                "Closing entries",
                Several(tuple(_entry(id) for id in thing.entries)) if thing.entries else None,
            ),
        ]

    def checks(self, thing: YearRow) -> Sequence[tuple[Tone, Value]]:
        """Whether it could be carried now."""
        found: list[tuple[Tone, Value]] = []
        if thing.unready:
            names = ", ".join(thing.unready)
            found.append(("bad", Note("The last period must be softly closed", names)))
        else:
            found.append(("good", "The last period is softly closed"))
        missing = [one.currency for one in thing.left if not one.retained_earnings]
        if missing:
            text = "A retained earnings account must be chosen"
            found.append(("warn", Note(text, ", ".join(missing))))
        return found

    def lines(self, thing: YearRow) -> Sequence[Table]:
        """What would be posted, one table for each currency."""
        if not thing.left:
            empty = "Every income and expense account is empty at the year's end."
            return [Table("What would be posted", ["Account"], empty=empty)]
        return [_planned(result) for result in thing.left]

    def actions(self, thing: YearRow) -> Sequence[Action]:
        """Carry it, take it back."""
        unready = "The year's last period must be softly closed." if thing.unready else ""
        nothing = "" if thing.left else "There is nothing to carry."
        carry = Action(
            name="carry",
            label="Carry the result…",
            look="main",
            permission=CLOSE,
            why_not=unready or nothing,
        )
        if not thing.entries:
            return [carry]
        back = Action(
            name="take_back",
            label="Take the result back",
            look="danger",
            permission=CLOSE,
            why_not=unready,
            asks="Reason",
            confirm="The closing entries are reversed on the year's last day.",
        )
        return [carry, back]

    def do_carry(self, thing: YearRow, form: QueryDict) -> Any:
        """To the form that asks for the accounts."""
        return self.done("", reverse("console:ledger_year_carry", args=[self.subject(thing)]))

    def do_take_back(self, thing: YearRow, form: QueryDict) -> str:
        """Reverse the closing entries."""
        text = text_of(form)
        receipts = take_back_year_result(year_id=thing.id, reason=text, actor=self.actor)
        return f"{len(receipts)} closing entries are reversed."


class CarryPage(FormPage):
    """Names the retained earnings account of each currency and carries the result."""

    permission: ClassVar[str] = CLOSE
    title: ClassVar[str] = "Carry the year's result"
    nav: ClassVar[str] = BOARD
    submit: ClassVar[str] = "Post the closing entries"
    intro: ClassVar[str] = (
        "One entry of kind close for each currency, on the year's last day. Reports can leave"
        " these entries out. It can be taken back until the last period is closed for good."
    )

    def make_form(self) -> forms.Form:
        """One choice for each currency that has a result."""
        form = forms.Form(self.request.POST if self.request.method == "POST" else None)
        for result in fiscal_year(id_of("fy", self.kwargs["key"])).left:
            rows = retaining_accounts(result.currency)
            form.fields[result.currency] = forms.ChoiceField(
                label=_outcome(result),
                choices=[("", "Choose an account"), *((row.code, str(row)) for row in rows)],
                initial=result.retained_earnings,
                help_text="" if rows else f"Open an equity account in {result.currency} first.",
            )
        return form

    def crumbs(self) -> Sequence[Link]:
        """Back to the year."""
        return (Link("Periods", reverse(BOARD)), Link("The year", self.next_url()))

    def perform(self, data: dict[str, Any]) -> str:
        """Carry it."""
        receipts = carry_year_result(
            year_id=id_of("fy", self.kwargs["key"]), retained_earnings=data, actor=self.actor
        )
        return f"{len(receipts)} closing entries are posted."

    def next_url(self) -> str:
        """To the year."""
        return reverse("console:ledger_year", args=[self.kwargs["key"]])


def _outcome(result: CurrencyResult) -> str:
    kind = "profit" if result.result.minor > 0 else "loss"
    return f"The {kind} of {abs(result.result)} goes to"


def _planned(result: CurrencyResult) -> Table:
    rows = [
        Row(
            [
                line.account,
                line.name,
                line.amount if line.side is Side.DEBIT else None,
                line.amount if line.side is Side.CREDIT else None,
            ],
            url=reverse("console:ledger_account", args=[line.account]),
        )
        for line in result.lines
    ]
    amount = abs(result.result)
    is_profit = result.result.minor > 0
    name = "Profit to retained earnings" if is_profit else "Loss from retained earnings"
    last = [result.retained_earnings or "Not chosen yet", name]
    sides = [None, amount] if is_profit else [amount, None]
    rows.append(Row([*last, *sides], is_total=True))
    columns = ["Account", "Name", "Debit", "Credit"]
    return Table(f"What would be posted in {result.currency}", columns, rows)


def _entry(id: Any) -> Link:
    reference = public_id("je", id)
    return Link(reference, reverse("console:ledger_entry", args=[reference]))


register_view("ledger/years/<str:key>", YearPage, name="ledger_year")
register_view("ledger/years/<str:key>/carry", CarryPage, name="ledger_year_carry")
