"""Why an account holds what it holds: what each kind of entry brought and took."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from django.db import connection

from apps.ledger.selectors.as_of import account_balance_as_of
from apps.ledger.selectors.chart import account_balance
from apps.platform.money import Money

_KINDS = """
    SELECT e.kind, count(*),
           coalesce(sum(p.amount_minor) FILTER (WHERE p.side = 'D'), 0)::bigint,
           coalesce(sum(p.amount_minor) FILTER (WHERE p.side = 'C'), 0)::bigint
      FROM ledger_posting p
      JOIN ledger_journal_entry e ON e.id = p.entry_id
      JOIN ledger_account a ON a.id = p.account_id
     WHERE a.code = %s AND p.value_date BETWEEN %s AND %s
     GROUP BY e.kind ORDER BY e.kind
"""


_BUSY = """
    SELECT count(*) FROM (
        SELECT 1 FROM ledger_posting p JOIN ledger_account a ON a.id = p.account_id
         WHERE a.code = %s AND p.value_date BETWEEN %s AND %s LIMIT %s) counted
"""
#: More postings than these are not read only to show a page.
GLANCE_MAX = 2000


@dataclass(frozen=True, slots=True, kw_only=True)
class ExplainedPart:
    """What the entries of one kind did. ``change`` is on the account's normal side."""

    kind: str
    postings: int
    debits: Money
    credits: Money
    change: Money


@dataclass(frozen=True, slots=True, kw_only=True)
class ExplainedBalance:
    """Opening balance, parts, closing balance: they add up to the unit, or something is broken."""

    account: str
    starts: date
    ends: date
    opening: Money
    parts: tuple[ExplainedPart, ...]
    closing: Money

    @property
    def adds_up(self) -> bool:
        """Whether opening and parts make the closing balance."""
        changed = sum(part.change.minor for part in self.parts)
        return self.opening.minor + changed == self.closing.minor


def is_explained_at_a_glance(account: str, starts: date, ends: date) -> bool:
    """Whether so few postings were made within the days that reading them costs next to nothing.

    Never counts further than ``GLANCE_MAX``, so asking it of a busy account is cheap as well.
    """
    with connection.cursor() as cursor:
        cursor.execute(_BUSY, [account, starts, ends, GLANCE_MAX + 1])
        return int(cursor.fetchone()[0]) <= GLANCE_MAX


def explained_balance(account: str, starts: date, ends: date) -> ExplainedBalance:
    """How the balance came about within the days, by kind of entry. ``AccountNotFound``.

    Reads the postings of the days: choose a shorter span for a busy account.
    """
    about = account_balance(account)
    sign = about.normal_side.sign

    def money(minor: int) -> Money:
        return Money(minor, about.currency)

    with connection.cursor() as cursor:
        cursor.execute(_KINDS, [account, starts, ends])
        parts = tuple(
            ExplainedPart(
                kind=kind,
                postings=count,
                debits=money(debits),
                credits=money(credits),
                change=money(sign * (debits - credits)),
            )
            for kind, count, debits, credits in cursor.fetchall()
        )
    return ExplainedBalance(
        account=account,
        starts=starts,
        ends=ends,
        opening=account_balance_as_of(account, starts - timedelta(days=1)).balance,
        parts=parts,
        closing=account_balance_as_of(account, ends).balance,
    )
