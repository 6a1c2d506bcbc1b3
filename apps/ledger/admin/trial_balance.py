"""The trial balance in the console."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from django import forms
from django.urls import reverse

from apps.console.pages import ReportPage
from apps.console.registry import register_page, register_view
from apps.console.values import Fact, Row, Status, Table
from apps.ledger.selectors import TrialBalance, trial_balance
from apps.platform.money import Money


class AsOfForm(forms.Form):
    """At the end of which value date."""

    as_of = forms.DateField(
        label="At the end of",
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}),
        help_text="By value date. Left empty: everything posted so far.",
    )


class TrialBalancePage(ReportPage):
    """Each account's balance on its side, and that both sides agree."""

    permission = "ledger.view"
    title = "Trial balance"
    nav = "ledger_trial_balance"
    intro = "Balances of every account that was ever posted to, one table for each currency."
    form_class: ClassVar[type[forms.Form] | None] = AsOfForm

    def headline(self, parameters: dict[str, Any]) -> Sequence[Fact]:
        """Whether the books balance."""
        balance = trial_balance(as_of=parameters.get("as_of"))
        state = Status("ok", "Balanced") if balance.is_balanced else Status("bad", "Not balanced")
        return [Fact("Debits and credits", state), Fact("Accounts", len(balance.rows))]

    def tables(self, parameters: dict[str, Any]) -> Sequence[Table]:
        """One for each currency."""
        balance = trial_balance(as_of=parameters.get("as_of"))
        return [_table(balance, total.currency) for total in balance.totals]


def _table(balance: TrialBalance, currency: str) -> Table:
    rows, sums = [], {1: 0, -1: 0}
    for row in balance.rows:
        if row.debits.currency != currency:
            continue
        net = row.debits.minor - row.credits.minor
        sums[1 if net > 0 else -1] += abs(net)
        amount = Money(abs(net), currency)
        rows.append(
            Row(
                [row.account, row.name, amount if net > 0 else None, amount if net < 0 else None],
                url=reverse("console:ledger_account", args=[row.account]),
            )
        )
    both = [Money(sums[1], currency), Money(sums[-1], currency)]
    total = Row(["Total", "", *both], is_total=True)
    return Table(currency, ["Account", "Name", "Debit", "Credit"], [*rows, total])


register_view("ledger/trial-balance", TrialBalancePage, name="ledger_trial_balance")
register_page(
    "Ledger", "Trial balance", "balance", "console:ledger_trial_balance", "ledger.view", order=30
)
