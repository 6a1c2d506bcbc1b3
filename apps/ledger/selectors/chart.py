"""Accounts and what they hold."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import (
    Aggregate,
    BigIntegerField,
    Case,
    Count,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Sum,
    When,
)
from django.db.models.functions import Coalesce

from apps.ledger.domain import AccountClass, AccountStatus, BalanceMode, Side
from apps.ledger.errors import AccountNotFound
from apps.ledger.models import Account, Posting
from apps.platform.money import Money

#: Modes in which the stored balance follows the postings later.
LAGGING = (BalanceMode.SHARDED, BalanceMode.DEFERRED)


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
    return (
        Account.objects.select_related("balance", "parent")
        .annotate(
            unfolded=_unfolded(Count("leg")),
            unfolded_debits=_unfolded(Sum("amount_minor", filter=Q(side="D"))),
            unfolded_credits=_unfolded(Sum("amount_minor", filter=Q(side="C"))),
        )
        .order_by("code")
    )


def _unfolded(figure: Aggregate) -> Case:
    """Of the postings not folded into the stored balance yet; only some modes leave any."""
    waiting = Posting.objects.filter(account=OuterRef("pk"), account_version=None)
    figures = waiting.order_by().values("account").annotate(figure=figure).values("figure")
    return Case(
        When(balance__mode__in=LAGGING, then=Coalesce(Subquery(figures), 0)),
        default=0,
        output_field=BigIntegerField(),
    )


def account_row(account: Account) -> AccountRow:
    """The row of a model that ``accounts_with_balances`` has read."""
    held = None if account.is_header else account.balance
    side = AccountClass(account.account_class).normal_side
    waiting: Any = account
    debits_minor = held.debits_minor + waiting.unfolded_debits if held else 0
    credits_minor = held.credits_minor + waiting.unfolded_credits if held else 0
    debits = Money(debits_minor, account.currency)
    credits = Money(credits_minor, account.currency)
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
        version=held.version + waiting.unfolded if held else 0,
        opened_at=account.opened_at,
    )


def _limit(minor: int | None, currency: str) -> Money | None:
    return None if minor is None else Money(minor, currency)
