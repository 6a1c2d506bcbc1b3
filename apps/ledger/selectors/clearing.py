"""Clearing accounts: which keys have not come to zero, since when, and which are late."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from django.db import connection

from apps.ledger.domain import Side
from apps.ledger.domain.items import age_bucket
from apps.platform import clock
from apps.platform.money import Money
from apps.platform.tenant import current_tenant

SHOWN_MAX = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenKeyRow:
    """A key whose postings do not come to zero. ``balance`` is debits less credits.

    ``age_days`` counts from its first value date; ``is_late`` says it is beyond what its account
    expects.
    """

    account: str
    key: str
    balance: Money
    postings: int
    first_date: date
    last_date: date
    age_days: int
    clears_within_days: int | None

    @property
    def bucket(self) -> str:
        """Its age in words of the report."""
        return age_bucket(self.age_days)

    @property
    def is_late(self) -> bool:
        """Whether its account expected it to be at zero by now."""
        return self.clears_within_days is not None and self.age_days > self.clears_within_days


@dataclass(frozen=True, slots=True, kw_only=True)
class ClearingRow:
    """One clearing account: its open keys, the oldest, and what has no key at all.

    ``unkeyed`` is what postings without a key came to: its balance less that of all keys.
    """

    account: str
    name: str
    clears_within_days: int | None
    open_keys: int
    late_keys: int
    oldest_days: int | None
    balance: Money
    unkeyed: Money


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyPosting:
    """One posting of a key."""

    entry_id: UUID
    leg: int
    side: Side
    amount: Money
    value_date: date
    kind: str
    description: str


_NOW = """
    SELECT k.account_id, k.key, k.debits_minor - k.credits_minor AS balance, k.postings,
           k.first_date, k.last_date
      FROM ledger_clearing_key k WHERE k.debits_minor <> k.credits_minor
"""
_AS_OF = """
    SELECT p.account_id, p.clearing_key AS key,
           sum(CASE p.side WHEN 'D' THEN p.amount_minor ELSE -p.amount_minor END) AS balance,
           count(*) AS postings, min(p.value_date) AS first_date, max(p.value_date) AS last_date
      FROM ledger_posting p
      JOIN ledger_item_rule r ON r.account_id = p.account_id AND r.clears_by_key
     WHERE p.clearing_key IS NOT NULL AND p.value_date <= %(as_of)s
     GROUP BY p.account_id, p.clearing_key
    HAVING sum(CASE p.side WHEN 'D' THEN p.amount_minor ELSE -p.amount_minor END) <> 0
"""
_KEYS = """
    SELECT a.code, k.key, k.balance, a.currency, k.postings, k.first_date, k.last_date,
           r.clears_within_days
      FROM ({keys}) k
      JOIN ledger_account a ON a.id = k.account_id
      JOIN ledger_item_rule r ON r.account_id = a.id
     WHERE (%(account)s = '' OR a.code = %(account)s)
       AND (%(after_date)s::date IS NULL OR (k.first_date, a.code, k.key)
            > (%(after_date)s::date, %(after_account)s, %(after_key)s))
     ORDER BY k.first_date, a.code, k.key
     LIMIT %(limit)s
"""


def open_keys(
    *,
    account: str = "",
    as_of: date | None = None,
    after: tuple[date, str, str] | None = None,
    limit: int | None = SHOWN_MAX,
) -> list[OpenKeyRow]:
    """Keys that are not at zero, the oldest first; with ``as_of`` by value date until that day.

    ``after`` is first date, account and key of the last row of the page before. Without ``as_of``
    it reads open keys only, however many were cleared.
    """
    day = as_of or clock.today(current_tenant().zone)
    with connection.cursor() as cursor:
        cursor.execute(
            _KEYS.format(keys=_NOW if as_of is None else _AS_OF),
            {
                "account": account,
                "as_of": day,
                "after_date": after[0] if after else None,
                "after_account": after[1] if after else "",
                "after_key": after[2] if after else "",
                "limit": limit,
            },
        )
        return [
            OpenKeyRow(
                account=code,
                key=key,
                balance=Money(int(balance), currency),
                postings=postings,
                first_date=first,
                last_date=last,
                age_days=max((day - first).days, 0),
                clears_within_days=within,
            )
            for code, key, balance, currency, postings, first, last, within in cursor.fetchall()
        ]


_ACCOUNTS = """
    SELECT a.code, a.name, a.currency, r.clears_within_days, k.open, k.late, k.oldest, h.held,
           h.held - k.balance
      FROM ledger_item_rule r
      JOIN ledger_account a ON a.id = r.account_id
      JOIN ledger_account_balance b ON b.account_id = a.id
     CROSS JOIN LATERAL (
           SELECT count(*) AS open, coalesce(sum(debits_minor - credits_minor), 0) AS balance,
                  count(*) FILTER (WHERE %(today)s - first_date > r.clears_within_days) AS late,
                  %(today)s - min(first_date) AS oldest
             FROM ledger_clearing_key
            WHERE account_id = a.id AND debits_minor <> credits_minor) k
     CROSS JOIN LATERAL (
           SELECT b.debits_minor - b.credits_minor + coalesce((
                      SELECT sum(CASE p.side WHEN 'D' THEN p.amount_minor
                                             ELSE -p.amount_minor END)
                        FROM ledger_posting p
                       WHERE p.account_id = a.id AND p.account_version IS NULL), 0) AS held) h
     WHERE r.clears_by_key
     ORDER BY k.late DESC, k.open DESC, a.code
"""


def clearing_accounts() -> list[ClearingRow]:
    """Every clearing account and how far it is from zero, those with late keys first."""
    today = clock.today(current_tenant().zone)
    with connection.cursor() as cursor:
        cursor.execute(_ACCOUNTS, {"today": today})
        return [
            ClearingRow(
                account=code,
                name=name,
                clears_within_days=within,
                open_keys=open_,
                late_keys=late,
                oldest_days=oldest,
                balance=Money(int(held), currency),
                unkeyed=Money(int(unkeyed), currency),
            )
            for code, name, currency, within, open_, late, oldest, held, unkeyed in (
                cursor.fetchall()
            )
        ]


_KEY_POSTINGS = """
    SELECT p.entry_id, p.leg, p.side, p.amount_minor, p.currency, p.value_date, e.kind,
           e.description
      FROM ledger_posting p
      JOIN ledger_account a ON a.id = p.account_id
      JOIN ledger_journal_entry e ON e.id = p.entry_id
     WHERE a.code = %s AND p.clearing_key = %s
     ORDER BY p.value_date, p.entry_id, p.leg LIMIT %s
"""


def key_postings(account: str, key: str) -> list[KeyPosting]:
    """What was posted under a key, the oldest first."""
    with connection.cursor() as cursor:
        cursor.execute(_KEY_POSTINGS, [account, key, SHOWN_MAX])
        return [
            KeyPosting(
                entry_id=entry_id,
                leg=leg,
                side=Side.DEBIT if side == Side.DEBIT.letter else Side.CREDIT,
                amount=Money(amount, currency),
                value_date=value_date,
                kind=kind,
                description=description,
            )
            for entry_id, leg, side, amount, currency, value_date, kind, description in (
                cursor.fetchall()
            )
        ]
