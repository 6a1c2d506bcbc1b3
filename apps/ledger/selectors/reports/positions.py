"""What every account held and moved, in one statement over the books.

What was held at the end is what is stored less the days that came after; so the figures of
yesterday cost one day, not the whole history, and those of now cost none. Postings that no balance
has taken in yet (accounts whose balance follows later) are counted where they stand.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.db import connection

from apps.ledger.domain import AccountClass
from apps.platform.tenant import current_tenant_id

_POSITIONS = """
    WITH days AS (
        SELECT d.account_id,
               sum(d.debits_minor) FILTER (WHERE d.value_date > %(ends)s) AS later_debits,
               sum(d.credits_minor) FILTER (WHERE d.value_date > %(ends)s) AS later_credits,
               sum(d.debits_minor) FILTER (WHERE d.value_date <= %(ends)s) AS debits,
               sum(d.credits_minor) FILTER (WHERE d.value_date <= %(ends)s) AS credits
          FROM ledger_balance_day d
         WHERE d.value_date >= %(since)s
         GROUP BY d.account_id
    ), waiting AS (
        SELECT p.account_id,
               sum(CASE p.side WHEN 'D' THEN p.amount_minor ELSE -p.amount_minor END) AS net,
               sum(p.amount_minor) FILTER (WHERE p.side = 'D' AND p.value_date >= %(starts)s)
                   AS debits,
               sum(p.amount_minor) FILTER (WHERE p.side = 'C' AND p.value_date >= %(starts)s)
                   AS credits
          FROM ledger_posting p
         WHERE p.account_version IS NULL AND p.value_date <= %(ends)s
         GROUP BY p.account_id
    )
    SELECT a.code, a.name, a.account_class, a.currency, coalesce(up.code, ''), a.is_header,
           (coalesce(b.debits_minor, 0) - coalesce(b.credits_minor, 0)
            - coalesce(d.later_debits, 0) + coalesce(d.later_credits, 0)
            + coalesce(w.net, 0))::bigint,
           (CASE WHEN %(is_whole)s THEN coalesce(b.debits_minor, 0) - coalesce(d.later_debits, 0)
                 ELSE coalesce(d.debits, 0) END + coalesce(w.debits, 0))::bigint,
           (CASE WHEN %(is_whole)s THEN coalesce(b.credits_minor, 0) - coalesce(d.later_credits, 0)
                 ELSE coalesce(d.credits, 0) END + coalesce(w.credits, 0))::bigint
      FROM ledger_account a
      LEFT JOIN ledger_account up ON up.id = a.parent_id
      LEFT JOIN ledger_account_balance b ON b.account_id = a.id
      LEFT JOIN days d ON d.account_id = a.id
      LEFT JOIN waiting w ON w.account_id = a.id
     WHERE a.tenant = %(tenant)s
     ORDER BY a.code
"""
#: What entries of the kind ``close`` moved, to be left out of an income statement.
_CLOSINGS = """
    SELECT a.code,
           coalesce(sum(p.amount_minor) FILTER (WHERE p.side = 'D'), 0)::bigint,
           coalesce(sum(p.amount_minor) FILTER (WHERE p.side = 'C'), 0)::bigint
      FROM ledger_journal_entry e
      JOIN ledger_posting p ON p.entry_id = e.id
      JOIN ledger_account a ON a.id = p.account_id
     WHERE e.tenant = %s AND e.kind = 'close' AND e.value_date BETWEEN %s AND %s
     GROUP BY a.code
"""


@dataclass(frozen=True, slots=True)
class Position:
    """One account. ``closing_minor`` is debits less credits up to the end; the others are sums.

    The currency is the account's; a header's own figures are zero.
    """

    account: str
    name: str
    account_class: AccountClass
    currency: str
    parent: str
    is_header: bool
    closing_minor: int
    debits_minor: int
    credits_minor: int

    @property
    def opening_minor(self) -> int:
        """Debits less credits before the beginning."""
        return self.closing_minor - self.debits_minor + self.credits_minor


_CLASSES = {value.value: value for value in AccountClass}


def positions(starts: date | None, ends: date | None) -> list[Position]:
    """Every account of the chart, by code: what it held at the end and moved since the start."""
    last = ends or date.max
    asked: dict[str, Any] = {
        "starts": starts or date.min,
        "ends": last,
        # Days before this one are in none of the sums.
        "since": starts or min(last, date.max - timedelta(days=1)) + timedelta(days=1),
        "is_whole": starts is None,
        "tenant": current_tenant_id(),
    }
    with connection.cursor() as cursor:
        cursor.execute(_POSITIONS, asked)
        rows = cursor.fetchall()
    return [Position(row[0], row[1], _CLASSES[row[2]], *row[3:]) for row in rows]


def by_currency(chart: Sequence[Position], only: str = "") -> dict[str, list[Position]]:
    """The accounts that hold or moved anything, by currency and code."""
    found: dict[str, list[Position]] = {}
    for one in chart:
        if one.closing_minor or one.debits_minor or one.credits_minor:
            found.setdefault(one.currency, []).append(one)
    return {code: found[code] for code in sorted(found) if only in ("", code)}


def closings(starts: date | None, ends: date | None) -> dict[str, tuple[int, int]]:
    """Debits and credits that closing entries brought to each account within the days."""
    with connection.cursor() as cursor:
        cursor.execute(_CLOSINGS, [current_tenant_id(), starts or date.min, ends or date.max])
        return {code: (debits, credits) for code, debits, credits in cursor.fetchall()}
