"""The chart of accounts in the console."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from django.contrib import admin
from django.urls import reverse

from apps.console.lists import ReadOnlyAdmin
from apps.console.pages import Header, ObjectPage
from apps.console.registry import register_page, register_search, register_view
from apps.console.search import Hit, exact_then_prefix
from apps.console.site import console_site
from apps.console.values import Fact, Link, Ref, Row, Status, Table, Value
from apps.ledger.models import Account, Posting
from apps.ledger.selectors import AccountRow, account_balance, balances_below
from apps.ledger.selectors.chart import account_row
from apps.ledger.selectors.journal import account_posting
from apps.platform.ids import public_id
from apps.platform.money import Money

PERMISSION = "ledger.view"
LIST = "console:ledger_account_changelist"
POSTINGS_SHOWN = 50


class AccountAdmin(ReadOnlyAdmin):
    """Every account and what it holds."""

    permission = PERMISSION
    title = "Accounts"
    object_url_name = "console:ledger_account"
    search_fields: ClassVar[Any] = ["^code"]
    search_help = "Account code"
    empty_title = "No account is open"
    empty_advice = "Accounts are opened when a tenant's books are prepared, or over the API."
    list_display: ClassVar[Any] = ["account", "name", "account_class", "state", "held", "postings"]
    list_filter: ClassVar[Any] = ["account_class", "currency", "status"]
    list_select_related: ClassVar[Any] = ["balance", "parent"]
    ordering: ClassVar[Any] = ["code"]

    def object_key(self, thing: Account) -> str:
        """Its code."""
        return thing.code

    @admin.display(description="Account", ordering="code")
    def account(self, account: Account) -> Value:
        """The code."""
        return Ref(account.code)

    @admin.display(description="State", ordering="status")
    def state(self, account: Account) -> Value:
        """What it takes."""
        return _state(account_row(account))

    @admin.display(description="Balance")
    def held(self, account: Account) -> Money | None:
        """Positive on the account's normal side."""
        return None if account.is_header else account_row(account).balance

    @admin.display(description="Postings")
    def postings(self, account: Account) -> Value:
        """How many there are."""
        return account_row(account).version


class AccountPage(ObjectPage):
    """One account: what it holds and what was posted to it last."""

    permission = PERMISSION
    nav = LIST

    def crumbs(self) -> Sequence[Link]:
        """Back to the chart."""
        return (Link("Accounts", reverse(LIST)),)

    def find(self, key: str) -> AccountRow:
        """By its code."""
        return account_balance(key)

    def subject(self, thing: AccountRow) -> str:
        """The audit trail knows an account by its code."""
        return thing.account

    def header(self, thing: AccountRow) -> Header:
        """Its balance, positive on the normal side."""
        return Header(
            kind="Account",
            reference=thing.account,
            status=_state(thing),
            amount=None if thing.is_header else thing.balance,
            note=thing.name,
        )

    def facts(self, thing: AccountRow) -> Sequence[Fact]:
        """What it is, and its limits."""
        parent = Link(thing.parent, _url(thing.parent)) if thing.parent else None
        about = [
            Fact("Class", str(thing.account_class).capitalize()),
            Fact("Normal side", str(thing.normal_side).capitalize()),
            Fact("Currency", thing.currency),
            Fact("Below", parent),
            Fact("Opened", thing.opened_at),
        ]
        if thing.is_header:
            return about
        return [
            *about,
            Fact("Debits", thing.debits),
            Fact("Credits", thing.credits),
            Fact("Never below", thing.floor),
            Fact("Never above", thing.ceiling),
            Fact("Postings", thing.version),
        ]

    def lines(self, thing: AccountRow) -> Sequence[Table]:
        """The accounts below a header; the last postings of any other."""
        return [_branch(thing.account) if thing.is_header else _last_postings(thing.account)]


def _branch(code: str) -> Table:
    return Table(
        "Accounts below",
        ["Account", "Name", "State", "Balance"],
        [
            Row([row.account, row.name, _state(row), row.balance], url=_url(row.account))
            for row in balances_below(code)
        ],
        is_filterable=True,
    )


def _last_postings(code: str) -> Table:
    rows = (
        Posting.objects.filter(account__code=code)
        .select_related("entry")
        .order_by("-account_version")[:POSTINGS_SHOWN]
    )
    return Table(
        f"Last {POSTINGS_SHOWN} postings",
        ["Number", "Value date", "Description", "Debit", "Credit", "Balance after"],
        [
            Row(
                [
                    posting.account_version,
                    posting.value_date,
                    posting.description,
                    posting.amount if posting.side == "debit" else None,
                    posting.amount if posting.side == "credit" else None,
                    posting.balance_after,
                ],
                url=reverse("console:ledger_entry", args=[public_id("je", posting.entry_id)]),
            )
            for posting in map(account_posting, rows)
        ],
        empty="Nothing has been posted to this account.",
    )


def _state(row: AccountRow) -> Status:
    return Status("header", "Header", "calm") if row.is_header else Status(row.status)


def _url(code: str) -> str:
    return reverse("console:ledger_account", args=[code])


def find_accounts(text: str, limit: int) -> list[Hit]:
    """Accounts by code."""
    rows = exact_then_prefix(Account.objects.order_by("code"), ["code"], text, limit)
    return [Hit(row.code, row.name, _url(row.code), "account_balance") for row in rows]


console_site.register(Account, AccountAdmin)
register_view("ledger/accounts/<str:key>", AccountPage, name="ledger_account")
register_page("Ledger", "Accounts", "account_balance", LIST, PERMISSION, order=20)
register_search("Accounts", find_accounts, permission=PERMISSION)
