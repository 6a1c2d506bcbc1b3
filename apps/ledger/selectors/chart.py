"""Accounts and what they hold."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db.models import QuerySet

from apps.ledger.domain import AccountClass, AccountStatus, Side
from apps.ledger.errors import AccountNotFound
from apps.ledger.models import Account
from apps.platform.money import Money


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountRow:
    """One line of the chart and what it holds now.

    ``balance`` is what is posted, positive on the account's normal side. ``pending_in`` and
    ``pending_out`` are what holds will bring and take when they are captured; ``available`` is the
    balance less what will be taken. ``version`` counts its postings. A header account holds nothing
    itself: its sums are zero and it has no limits.
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
    pending_in: Money
    pending_out: Money
    available: Money
    version: int
    opened_at: datetime


def account_balance(account: str) -> AccountRow:
    """What the account holds now, in one row read whatever its history. ``AccountNotFound``."""
    row = accounts_with_balances().filter(code=account).first()
    if row is None:
        raise AccountNotFound(account=account)
    return account_row(row)


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
    pending = [
        Money(held.pending_debits_minor if held else 0, account.currency),
        Money(held.pending_credits_minor if held else 0, account.currency),
    ]
    pending_in, pending_out = pending if side is Side.DEBIT else pending[::-1]
    balance = debits - credits if side is Side.DEBIT else credits - debits
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
        balance=balance,
        pending_in=pending_in,
        pending_out=pending_out,
        available=balance - pending_out,
        version=held.version if held else 0,
        opened_at=account.opened_at,
    )


def _limit(minor: int | None, currency: str) -> Money | None:
    return None if minor is None else Money(minor, currency)
