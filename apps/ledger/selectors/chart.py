"""Accounts and what they hold."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

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
from apps.platform.tenant import current_tenant_id, database

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


class _Read(NamedTuple):
    """An account as it is stored, postings that wait to be folded in included."""

    code: str
    name: str
    account_class: str
    currency: str
    parent: str
    is_header: bool
    status: str
    opened_at: datetime
    debits_minor: int
    credits_minor: int
    pending_debits_minor: int
    pending_credits_minor: int
    floor_minor: int | None
    ceiling_minor: int | None
    version: int


# Asked for at every turn, and the ORM takes longer to write this than the server to answer it.
_ONE = """
    SELECT a.code, a.name, a.account_class, a.currency, coalesce(p.code, ''), a.is_header,
           a.status, a.opened_at, coalesce(b.debits_minor + w.debits, 0),
           coalesce(b.credits_minor + w.credits, 0), coalesce(b.pending_debits_minor, 0),
           coalesce(b.pending_credits_minor, 0), b.floor_minor, b.ceiling_minor,
           coalesce(b.version + w.postings, 0)
      FROM ledger_account a
      LEFT JOIN ledger_account p ON p.id = a.parent_id AND p.tenant = a.tenant
      LEFT JOIN ledger_account_balance b ON b.account_id = a.id AND b.tenant = a.tenant
     CROSS JOIN LATERAL (
           SELECT count(*) AS postings,
                  coalesce(sum(x.amount_minor) FILTER (WHERE x.side = 'D'), 0)::bigint AS debits,
                  coalesce(sum(x.amount_minor) FILTER (WHERE x.side = 'C'), 0)::bigint AS credits
             FROM ledger_posting x
            WHERE b.mode <> 'synchronous' AND x.account_id = a.id AND x.account_version IS NULL
           ) w
     WHERE a.tenant = %s AND a.code = %s
"""


def account_balance(account: str) -> AccountRow:
    """What the account holds now, in one row read whatever its history. ``AccountNotFound``."""
    row = database.execute_prepared(_ONE, [current_tenant_id(), account]).fetchone()
    if row is None:
        raise AccountNotFound(account=account)
    return _told(_Read(*row))


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
    waiting: Any = account
    return _told(
        _Read(
            code=account.code,
            name=account.name,
            account_class=account.account_class,
            currency=account.currency,
            parent=account.parent.code if account.parent else "",
            is_header=account.is_header,
            status=account.status,
            opened_at=account.opened_at,
            debits_minor=held.debits_minor + waiting.unfolded_debits if held else 0,
            credits_minor=held.credits_minor + waiting.unfolded_credits if held else 0,
            pending_debits_minor=held.pending_debits_minor if held else 0,
            pending_credits_minor=held.pending_credits_minor if held else 0,
            floor_minor=held.floor_minor if held else None,
            ceiling_minor=held.ceiling_minor if held else None,
            version=held.version + waiting.unfolded if held else 0,
        )
    )


def _told(read: _Read) -> AccountRow:
    side = AccountClass(read.account_class).normal_side
    debits = Money(read.debits_minor, read.currency)
    credits = Money(read.credits_minor, read.currency)
    pending = (
        Money(read.pending_debits_minor, read.currency),
        Money(read.pending_credits_minor, read.currency),
    )
    pending_in, pending_out = pending if side is Side.DEBIT else pending[::-1]
    balance = debits - credits if side is Side.DEBIT else credits - debits
    return AccountRow(
        account=read.code,
        name=read.name,
        account_class=AccountClass(read.account_class),
        currency=read.currency,
        normal_side=side,
        parent=read.parent,
        is_header=read.is_header,
        status=AccountStatus(read.status),
        floor=_limit(read.floor_minor, read.currency),
        ceiling=_limit(read.ceiling_minor, read.currency),
        debits=debits,
        credits=credits,
        balance=balance,
        pending_in=pending_in,
        pending_out=pending_out,
        available=balance - pending_out,
        version=read.version,
        opened_at=read.opened_at,
    )


def _limit(minor: int | None, currency: str) -> Money | None:
    return None if minor is None else Money(minor, currency)
