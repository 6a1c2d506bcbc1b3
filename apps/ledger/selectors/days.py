"""What single days added to accounts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db import connection

from apps.platform.money import Money
from apps.platform.tenant import current_tenant_id

_DAYS = """
    WITH asked AS (
        SELECT id, code, currency FROM ledger_account
         WHERE code = ANY (%(accounts)s) AND tenant = %(tenant)s
    ), part AS (
        SELECT account_id, value_date, debits_minor AS debits, credits_minor AS credits
          FROM ledger_balance_day WHERE account_id IN (SELECT id FROM asked)
         UNION ALL
        SELECT account_id, value_date, CASE side WHEN 'D' THEN amount_minor ELSE 0 END,
               CASE side WHEN 'C' THEN amount_minor ELSE 0 END
          FROM ledger_posting
         WHERE account_version IS NULL AND account_id IN (SELECT id FROM asked)
    )
    SELECT a.code, a.currency, p.value_date, sum(p.debits)::bigint, sum(p.credits)::bigint
      FROM part p JOIN asked a ON a.id = p.account_id
     WHERE p.value_date BETWEEN %(starts)s AND %(ends)s
     GROUP BY a.code, a.currency, p.value_date ORDER BY p.value_date, a.code
"""


@dataclass(frozen=True, slots=True)
class DayRow:
    """The debits and the credits of one account on one value date."""

    account: str
    value_date: date
    debits: Money
    credits: Money


def days_of(accounts: Sequence[str], *, starts: date, ends: date) -> list[DayRow]:
    """Every day on which one of the accounts was posted to, both ends included, by date.

    Read from the kept days, so it costs the same whether a day had one posting or a million; what
    is not folded into them yet is counted where it stands.
    """
    asked: dict[str, Any] = {
        "accounts": list(accounts),
        "starts": starts,
        "ends": ends,
        "tenant": current_tenant_id(),
    }
    with connection.cursor() as cursor:
        cursor.execute(_DAYS, asked)
        return [
            DayRow(code, day, Money(debits, currency), Money(credits, currency))
            for code, currency, day, debits, credits in cursor.fetchall()
        ]
