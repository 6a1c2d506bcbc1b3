"""Clearing by key in the console: what is not at zero by age, down to the entries of a key."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from django import forms
from django.urls import reverse
from django.utils.http import urlencode

from apps.console.cards import Card, ListCard
from apps.console.pages import ReportPage
from apps.console.registry import register_page, register_view
from apps.console.values import Fact, Link, Ref, Row, Status, Table
from apps.ledger.admin.accounts import account_url
from apps.ledger.admin.reports import AccountAsOfForm, BooksPage
from apps.ledger.admin.sections import register_account_section
from apps.ledger.domain import Side
from apps.ledger.selectors import AccountRow
from apps.ledger.selectors.clearing import OpenKeyRow, clearing_accounts, key_postings, open_keys
from apps.ledger.selectors.items import item_rule
from apps.ledger.selectors.reports.clearing import KEY_OF
from apps.platform.documents import Line
from apps.platform.ids import public_id
from apps.platform.money import Money

SEE = "ledger.view"
CLEARING = "console:ledger_clearing"
KEY = "console:ledger_clearing_key"
CARD_ROWS = 5


def key_url(account: str, key: str) -> str:
    """The page of one key."""
    return f"{reverse(KEY)}?{urlencode({'account': account, 'key': key})}"


class ClearingPage(BooksPage):
    """Keys that are not at zero, by age."""

    title = "Clearing by age"
    nav = "ledger_clearing"
    report_name = "clearing"
    intro = (
        "The postings of each key on a clearing account should come to zero. These do not yet; "
        "debits are positive. A key leads to its postings."
    )
    empty = "Every key is at zero"
    form_class: ClassVar[type[forms.Form] | None] = AccountAsOfForm

    def line_url(self, line: Line, parameters: dict[str, Any]) -> str:
        """To the postings of the key."""
        kind, name = line.about
        return key_url(*name.split(KEY_OF, 1)) if kind == "key" else ""


class KeyForm(forms.Form):
    """One key of one account."""

    account = forms.CharField(label="Account", max_length=64)
    key = forms.CharField(label="Key", max_length=100)


class KeyPage(ReportPage):
    """What was posted under one key."""

    permission = SEE
    title = "Clearing key"
    nav = CLEARING
    form_class: ClassVar[type[forms.Form] | None] = KeyForm

    def crumbs(self) -> Sequence[Link]:
        """Back to the report."""
        return (Link("Clearing by age", reverse(CLEARING)),)

    def headline(self, parameters: dict[str, Any]) -> Sequence[Fact]:
        """What it comes to."""
        if not parameters:
            return ()
        account = item_rule(parameters["account"])
        net = sum(
            (1 if row.side is Side.DEBIT else -1) * row.amount.minor
            for row in key_postings(**parameters)
        )
        return [
            Fact("Account", Link(account.account, account_url(account.account))),
            Fact("Balance", Money(net, account.currency)),
            Fact("State", Status("open", tone="warn") if net else Status("cleared", tone="good")),
        ]

    def tables(self, parameters: dict[str, Any]) -> Sequence[Table]:
        """Its postings lead to their entries."""
        if not parameters:
            return ()
        rows = [
            Row(
                [
                    row.value_date,
                    row.description,
                    row.kind,
                    row.amount if row.side is Side.DEBIT else None,
                    row.amount if row.side is Side.CREDIT else None,
                ],
                url=reverse("console:ledger_entry", args=[public_id("je", row.entry_id)]),
            )
            for row in key_postings(**parameters)
        ]
        columns = ["Value date", "Description", "Kind", "Debit", "Credit"]
        return [Table("Postings", columns, rows, empty="Nothing has this key on this account.")]


def _section(row: AccountRow) -> Card | None:
    rule = None if row.is_header else item_rule(row.account)
    if rule is None or not rule.clears_by_key:
        return None
    (about,) = (one for one in clearing_accounts() if one.account == row.account)
    late = f", {about.late_keys} late" if about.late_keys else ""
    query = urlencode({"account": row.account})
    return ListCard(
        title=f"Open keys: {about.open_keys}{late}",
        icon="key",
        more=Link("By age", f"{reverse(CLEARING)}?{query}"),
        table=Table(
            "Open keys",
            ["Key", "Since", "Days", "Balance"],
            [_card_row(one) for one in open_keys(account=row.account, limit=CARD_ROWS)],
            empty="Every key is at zero.",
        ),
    )


def _card_row(row: OpenKeyRow) -> Row:
    return Row(
        [Ref(row.key), row.first_date, row.age_days, row.balance],
        url=key_url(row.account, row.key),
        tone="warn" if row.is_late else None,
    )


register_account_section(_section, order=41)
register_view("ledger/clearing", ClearingPage, name="ledger_clearing")
register_view("ledger/clearing-key", KeyPage, name="ledger_clearing_key")
register_page("Ledger", "Clearing by age", "hourglass_bottom", CLEARING, SEE, order=37)
