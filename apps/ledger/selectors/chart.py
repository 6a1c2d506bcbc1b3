"""Accounts and what they hold."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import QuerySet, Sum
from django.db.models.functions import Coalesce

from apps.ledger.domain import AccountClass, AccountStatus, Side
from apps.ledger.errors import AccountNotFound
from apps.ledger.models import Account, BalanceDay
from apps.platform.money import Money


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountRow:
    """One line of the chart and what it holds now.

    ``balance`` is positive on the account's normal side. ``version`` counts its postings. A header
    account holds nothing itself: its sums are zero and it has no limits.
    """

    account: str
    name: str
    account_class: AccountClass
    currency: str
    normal_side: Side
    parent: str
    is_header: bool
    status: AccountStatus
    floor: Money | None
    ceiling: Money | None
    debits: Money
    credits: Money
    balance: Money
    version: int
    opened_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Balance:
    """What an account held at the end of a day, by value date. Positive on its normal side."""

    account: str
    as_of: date
    debits: Money
    credits: Money
    balance: Money


def account_balance(account: str) -> AccountRow:
    """What the account holds now, in one row read whatever its history. ``AccountNotFound``."""
    row = accounts_with_balances().filter(code=account).first()
    if row is None:
        raise AccountNotFound(account=account)
    return account_row(row)


def account_balance_as_of(account: str, as_of: date) -> Balance:
    """What the account held at the end of that value date, back-dated postings included."""
    row = Account.objects.filter(code=account).first()
    if row is None:
        raise AccountNotFound(account=account)
    sums = BalanceDay.objects.filter(account_id=row.id, value_date__lte=as_of).aggregate(
        debits=Coalesce(Sum("debits_minor"), 0), credits=Coalesce(Sum("credits_minor"), 0)
    )
    debits = Money(int(sums["debits"]), row.currency)
    credits = Money(int(sums["credits"]), row.currency)
    sign = AccountClass(row.account_class).normal_side.sign
    balance = debits - credits if sign == 1 else credits - debits
    return Balance(account=account, as_of=as_of, debits=debits, credits=credits, balance=balance)


def balances_below(prefix: str) -> list[AccountRow]:
    """What each account below a code holds, by code: ``2100`` gives ``2100.…`` without headers."""
    return [
        account_row(row)
        for row in accounts_with_balances().filter(code__startswith=f"{prefix}.", is_header=False)
    ]


def accounts(*, after: str = "", limit: int = 200) -> list[AccountRow]:
    """The chart by code, at most ``limit`` lines that come after the code ``after``."""
    return [account_row(row) for row in accounts_with_balances().filter(code__gt=after)[:limit]]


def accounts_with_balances() -> QuerySet[Account]:
    """The chart with all that ``account_row`` reads, by code."""
    return Account.objects.select_related("balance", "parent").order_by("code")


def account_row(account: Account) -> AccountRow:
    """The row of a model that was read with its balance and its parent."""
    held = None if account.is_header else account.balance
    side = AccountClass(account.account_class).normal_side
    debits = Money(held.debits_minor if held else 0, account.currency)
    credits = Money(held.credits_minor if held else 0, account.currency)
    return AccountRow(
        account=account.code,
        name=account.name,
        account_class=AccountClass(account.account_class),
        currency=account.currency,
        normal_side=side,
        parent=account.parent.code if account.parent else "",
        is_header=account.is_header,
        status=AccountStatus(account.status),
        floor=_limit(held.floor_minor if held else None, account.currency),
        ceiling=_limit(held.ceiling_minor if held else None, account.currency),
        debits=debits,
        credits=credits,
        balance=debits - credits if side is Side.DEBIT else credits - debits,
        version=held.version if held else 0,
        opened_at=account.opened_at,
    )


def _limit(minor: int | None, currency: str) -> Money | None:
    return None if minor is None else Money(minor, currency)
