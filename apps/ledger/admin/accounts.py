"""An account in the console: what it holds, how that came about, and what can be done with it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any, ClassVar

from django.contrib import admin
from django.urls import reverse
from django.utils.http import urlencode

from apps.console.cards import Card, LineCard
from apps.console.lists import ReadOnlyAdmin
from apps.console.pages import Header, Moment, ObjectPage
from apps.console.registry import register_page, register_search, register_view
from apps.console.search import Hit, exact_then_prefix
from apps.console.site import console_site
from apps.console.values import Fact, Link, Note, Ref, Row, Several, Status, Table, Value
from apps.ledger.admin.sections import account_parts
from apps.ledger.domain import Side
from apps.ledger.models import Account, Posting
from apps.ledger.selectors import AccountRow, account_balance, account_balance_as_of, days_of
from apps.ledger.selectors.chart import account_row, accounts_with_balances
from apps.ledger.selectors.days import DayRow
from apps.ledger.selectors.explain import (
    ExplainedBalance,
    explained_balance,
    is_explained_at_a_glance,
)
from apps.ledger.selectors.journal import account_posting
from apps.ledger.selectors.reports.positions import positions
from apps.ledger.selectors.tree import rolled_up
from apps.platform import clock
from apps.platform.ids import public_id
from apps.platform.models import AuditRecord
from apps.platform.money import Money
from apps.platform.tenant import current_tenant

PERMISSION = "ledger.view"
MANAGE = "ledger.manage"
LIST = "console:ledger_account_changelist"
POSTINGS_SHOWN = 50
CHILDREN_SHOWN = 200
CHART_DAYS = 90
EXPLAINED_DAYS = 30


class AccountAdmin(ReadOnlyAdmin):
    """Every account and what it holds."""

    permission = PERMISSION
    title = "Accounts"
    object_url_name = "console:ledger_account"
    search_fields: ClassVar[Any] = ["^code"]
    search_help = "Account code"
    empty_title = "No account is open"
    empty_advice = "Begin with a template of the chart, or open accounts over the API."
    list_display: ClassVar[Any] = ["account", "name", "account_class", "state", "held", "postings"]
    list_filter: ClassVar[Any] = ["account_class", "currency", "status", "is_header"]
    ordering: ClassVar[Any] = ["code"]

    def get_queryset(self, request: Any) -> Any:
        """With what each holds."""
        return accounts_with_balances()

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
        return account_state(account_row(account))

    @admin.display(description="Balance")
    def held(self, account: Account) -> Money | None:
        """Positive on the account's normal side."""
        return None if account.is_header else account_row(account).balance

    @admin.display(description="Postings")
    def postings(self, account: Account) -> Value:
        """How many there are."""
        return account_row(account).version


class AccountPage(ObjectPage):
    """One account: what it holds, why, and what was posted to it last."""

    permission = PERMISSION
    nav = LIST

    def crumbs(self) -> Sequence[Link]:
        """The chart, and the headers above it."""
        above, place = [], Account.objects.select_related("parent").filter(code=self.kwargs["key"])
        account = place.first()
        while account is not None and account.parent is not None:
            account = account.parent
            above.append(Link(account.code, account_url(account.code)))
        return (Link("Chart", reverse("console:ledger_chart")), *reversed(above))

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
            status=account_state(thing),
            amount=None if thing.is_header else thing.balance,
            note=thing.name,
        )

    def facts(self, thing: AccountRow) -> Sequence[Fact]:
        """What it is, and its limits."""
        links = []
        if self.may(MANAGE):
            links.append(Link("Describe", self.url_of("ledger_account_describe", thing.account)))
            if not thing.is_header:
                links.append(Link("Limits", self.url_of("ledger_account_limits", thing.account)))
                links.append(Link("Status", self.url_of("ledger_account_status", thing.account)))
                links.append(Link("Keeping", self.url_of("ledger_account_keeping", thing.account)))
                links.append(Link("Items", self.url_of("ledger_account_item_rule", thing.account)))
        about = [
            Fact("Class", str(thing.account_class).capitalize()),
            Fact("Normal side", str(thing.normal_side).capitalize()),
            Fact("Currency", thing.currency),
            Fact("Below", Link(thing.parent, account_url(thing.parent)) if thing.parent else None),
            Fact("Opened", thing.opened_at),
            *([Fact("Change", Several(tuple(links)))] if links else []),
        ]
        return about if thing.is_header else [*about, *_held(thing)]

    def cards(self, thing: AccountRow) -> Sequence[Card]:
        """The balance of the last days, and what other parts of the ledger add."""
        added = [part for part in account_parts(thing) if isinstance(part, Card)]
        return added if thing.is_header else [_running(thing), *added]

    def lines(self, thing: AccountRow) -> Sequence[Table]:
        """The accounts below a header; of any other why it holds this, and the last postings."""
        added = [part for part in account_parts(thing) if isinstance(part, Table)]
        if thing.is_header:
            return [_branch(thing.account), *added]
        return [_explained(thing), *added, _last_postings(thing)]

    def timeline(self, thing: AccountRow) -> Sequence[Moment]:
        """What was changed, from what to what, and why."""
        return [_moment(record, thing.currency) for record in self._records(thing)]


def _held(thing: AccountRow) -> list[Fact]:
    return [
        Fact("Posted", thing.balance),
        Fact("Pending in", thing.pending_in),
        Fact("Pending out", thing.pending_out),
        Fact("Available", thing.available),
        Fact("Debits", thing.debits),
        Fact("Credits", thing.credits),
        Fact("Never below", thing.floor),
        Fact("Never above", thing.ceiling),
        Fact("Postings", thing.version),
    ]


def _running(thing: AccountRow) -> LineCard:
    today = clock.today(current_tenant().zone)
    first = today - timedelta(days=CHART_DAYS - 1)
    balance = account_balance_as_of(thing.account, first - timedelta(days=1)).balance.minor
    moved = {
        row.value_date: thing.normal_side.sign * (row.debits.minor - row.credits.minor)
        for row in days_of([thing.account], starts=first, ends=today)
    }
    days, values = [], []
    for number in range(CHART_DAYS):
        day = first + timedelta(days=number)
        balance += moved.get(day, 0)
        days.append(day)
        values.append(balance)
    return LineCard(
        title=f"Balance of the last {CHART_DAYS} days",
        icon="show_chart",
        days=days,
        values=values,
        currency=thing.currency,
    )


def _explained(thing: AccountRow) -> Table:
    """By kind of entry; of a busy account by day, from the days that are kept."""
    today = clock.today(current_tenant().zone)
    starts = today - timedelta(days=EXPLAINED_DAYS - 1)
    if is_explained_at_a_glance(thing.account, starts, today):
        return _by_kind(explained_balance(thing.account, starts, today))
    opening = account_balance_as_of(thing.account, starts - timedelta(days=1)).balance
    return _by_day(thing, opening, days_of([thing.account], starts=starts, ends=today))


def _by_day(thing: AccountRow, opening: Money, days: Sequence[DayRow]) -> Table:
    rows, balance = [Row(["Opening balance", None, None, None, opening], is_header=True)], opening
    for day in days:
        net = day.debits - day.credits
        change = net if thing.normal_side is Side.DEBIT else Money(0, net.currency) - net
        balance += change
        rows.append(Row([day.value_date, day.debits, day.credits, change, balance]))
    rows.append(Row(["Closing balance", None, None, None, balance], is_total=True))
    return Table(
        f"Why it holds this: the last {EXPLAINED_DAYS} days, of many postings each",
        ["Value date", "Debits", "Credits", "Change", "Balance"],
        rows,
        more=Link("Postings", postings_url(thing.account)),
    )


def _by_kind(told: ExplainedBalance) -> Table:
    rows = [
        Row(["Opening balance", None, None, None, told.opening], is_header=True),
        *(
            Row([part.kind, part.postings, part.debits, part.credits, part.change])
            for part in told.parts
        ),
        Row(["Closing balance", None, None, None, told.closing], is_total=True),
    ]
    return Table(
        f"Why it holds this: the last {EXPLAINED_DAYS} days by kind of entry",
        ["Kind", "Postings", "Debits", "Credits", "Change"],
        rows,
    )


def _branch(code: str) -> Table:
    """What stands directly below, headers with the sums below them in turn."""
    found = accounts_with_balances().filter(parent__code=code)[:CHILDREN_SHOWN]
    sums = rolled_up(positions(None, None))
    rows = [
        Row(
            [row.account, row.name, account_state(row), _together(row, sums[row.account])],
            url=account_url(row.account),
        )
        for row in map(account_row, found)
    ]
    if rows:
        rows.append(Row(["All of them", "", "", _amounts(sums[code])], is_total=True))
    return Table(
        "Accounts below",
        ["Account", "Name", "State", "Balance"],
        rows,
        is_filterable=True,
        more=Link("Postings of all of them", postings_url(code)),
    )


def _together(row: AccountRow, sums: Mapping[str, int]) -> Value:
    return _amounts(sums) if row.is_header else row.balance


def _amounts(sums: Mapping[str, int]) -> Value:
    amounts = [Money(minor, currency) for currency, minor in sorted(sums.items())]
    return amounts[0] if len(amounts) == 1 else Several(tuple(amounts)) if amounts else None


def _last_postings(thing: AccountRow) -> Table:
    rows = (
        Posting.objects.filter(account__code=thing.account)
        .select_related("entry")
        .order_by("-value_date", "-posted_at", "-entry_id", "-leg")[:POSTINGS_SHOWN]
    )
    return Table(
        f"Last {POSTINGS_SHOWN} postings",
        ["Value date", "Description", "Debit", "Credit", "Balance after"],
        [
            Row(
                [
                    posting.value_date,
                    Note(posting.description, row.entry.kind),
                    posting.amount if posting.side == "debit" else None,
                    posting.amount if posting.side == "credit" else None,
                    posting.balance_after,
                ],
                url=reverse("console:ledger_entry", args=[public_id("je", posting.entry_id)]),
            )
            for row in rows
            for posting in [account_posting(row)]
        ],
        empty="Nothing has been posted to this account.",
        is_filterable=True,
        more=Link("Filter and export", postings_url(thing.account)),
    )


def _moment(record: AuditRecord, currency: str) -> Moment:
    facts = record.facts
    what = record.use_case.split(".", 1)[-1].replace("_", " ")
    if "before" in facts and "after" in facts:
        before, after = _words(facts["before"], currency), _words(facts["after"], currency)
        what = f"{what}: {before} → {after}"
    return Moment(
        at=record.recorded_at, who=record.actor_name, what=what, note=facts.get("reason", "")
    )


def _words(value: object, currency: str) -> str:
    """A status, or limits, as the audit trail keeps them."""
    if not isinstance(value, dict):
        return str(value).replace("_", " ")
    return ", ".join(
        f"{name.removesuffix('_minor')} {'none' if minor is None else Money(minor, currency)}"
        for name, minor in value.items()
    )


def account_state(row: AccountRow) -> Status:
    """What it takes, as a pill."""
    return Status("header", "Header", "calm") if row.is_header else Status(row.status)


def account_url(code: str) -> str:
    """The account's own page."""
    return reverse("console:ledger_account", args=[code])


def postings_url(code: str) -> str:
    """Its postings, to be filtered and exported."""
    return f"{reverse('console:ledger_general_ledger')}?{urlencode({'account': code})}"


def find_accounts(text: str, limit: int) -> list[Hit]:
    """Accounts by code."""
    rows = exact_then_prefix(Account.objects.order_by("code"), ["code"], text, limit)
    return [Hit(row.code, row.name, account_url(row.code), "account_balance") for row in rows]


console_site.register(Account, AccountAdmin)
register_view("ledger/accounts/<str:key>", AccountPage, name="ledger_account")
register_page("Ledger", "Accounts", "account_balance", LIST, PERMISSION, order=20)
register_search("Accounts", find_accounts, permission=PERMISSION)
