"""The trial balance: every account's sums, and that both sides agree in every currency."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import compress
from operator import itemgetter
from typing import Any

from apps.ledger.domain import AccountClass, Side
from apps.platform.money import Money
from apps.platform.tenant import current_tenant_id, database

_STORED = """
    SELECT a.code, a.name, a.account_class, a.currency,
           b.debits_minor + coalesce(u.debits, 0), b.credits_minor + coalesce(u.credits, 0)
      FROM ledger_account_balance b JOIN ledger_account a ON a.id = b.account_id
      LEFT JOIN (SELECT account_id,
                        coalesce(sum(amount_minor) FILTER (WHERE side = 'D'), 0)::bigint AS debits,
                        coalesce(sum(amount_minor) FILTER (WHERE side = 'C'), 0)::bigint AS credits
                   FROM ledger_posting WHERE account_version IS NULL
                  GROUP BY account_id) u ON u.account_id = b.account_id
     WHERE b.tenant = %s AND (b.version > 0 OR u.account_id IS NOT NULL)
"""
#: What is stored less the days that came after: the figures of yesterday cost one day.
_AS_OF = """
    SELECT * FROM (
        SELECT a.code, a.name, a.account_class, a.currency,
               (b.debits_minor - coalesce(d.debits, 0) + coalesce(u.debits, 0))::bigint AS debits,
               (b.credits_minor - coalesce(d.credits, 0) + coalesce(u.credits, 0))::bigint
                   AS credits
          FROM ledger_account_balance b JOIN ledger_account a ON a.id = b.account_id
          LEFT JOIN (SELECT account_id, sum(debits_minor) AS debits, sum(credits_minor) AS credits
                       FROM ledger_balance_day WHERE value_date > %(as_of)s
                      GROUP BY account_id) d ON d.account_id = b.account_id
          LEFT JOIN (SELECT account_id,
                            sum(amount_minor) FILTER (WHERE side = 'D') AS debits,
                            sum(amount_minor) FILTER (WHERE side = 'C') AS credits
                       FROM ledger_posting
                      WHERE account_version IS NULL AND value_date <= %(as_of)s
                      GROUP BY account_id) u ON u.account_id = b.account_id
         WHERE b.tenant = %(tenant)s) held
     WHERE debits > 0 OR credits > 0
"""
_FOLDED = """
    SELECT a.code, a.name, a.account_class, a.currency,
           coalesce(sum(p.amount_minor) FILTER (WHERE p.side = 'D'), 0)::bigint,
           coalesce(sum(p.amount_minor) FILTER (WHERE p.side = 'C'), 0)::bigint
      FROM ledger_posting p JOIN ledger_account a ON a.id = p.account_id
     WHERE p.tenant = %s
     GROUP BY a.code, a.name, a.account_class, a.currency
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialBalanceRow:
    """One account that was ever posted to. ``balance`` is positive on its normal side."""

    account: str
    name: str
    account_class: AccountClass
    debits: Money
    credits: Money
    balance: Money


@dataclass(frozen=True, slots=True, kw_only=True)
class CurrencyTotal:
    """Both sides of one currency. In sound books the difference is zero."""

    currency: str
    debits_minor: int
    credits_minor: int

    @property
    def difference_minor(self) -> int:
        """Debits less credits."""
        return self.debits_minor - self.credits_minor


#: Code, name, class, currency, debits and credits in minor units, as they were read.
Figures = tuple[str, str, str, str, int, int]


@dataclass(frozen=True, slots=True)
class TrialBalance:
    """Rows by account code, totals by currency.

    Whoever only asks whether the books balance, or for the totals, does not wait for ten thousand
    rows to be dressed: they are made when they are looked at.
    """

    figures: Sequence[Figures]

    @property
    def rows(self) -> tuple[TrialBalanceRow, ...]:
        """Every account that was ever posted to."""
        return tuple(_row(*one) for one in self.figures)

    @property
    def totals(self) -> tuple[CurrencyTotal, ...]:
        """Both sides of each currency."""
        if not self.figures:
            return ()
        *_, currencies, debits, credits = zip(*self.figures, strict=True)
        return tuple(
            CurrencyTotal(
                currency=currency,
                debits_minor=_sum_of(currency, currencies, debits),
                credits_minor=_sum_of(currency, currencies, credits),
            )
            for currency in sorted(set(currencies))
        )

    @property
    def is_balanced(self) -> bool:
        """Debits equal credits in every currency."""
        return all(total.difference_minor == 0 for total in self.totals)


def trial_balance(*, as_of: date | None = None) -> TrialBalance:
    """From the stored balances; with ``as_of``, at the end of that value date."""
    if as_of is None:
        return _read(_STORED, [current_tenant_id()])
    return _read(_AS_OF, {"tenant": current_tenant_id(), "as_of": as_of})


def trial_balance_from_postings() -> TrialBalance:
    """The same added up from every posting: slow, and independent of what is stored."""
    return _read(_FOLDED, [current_tenant_id()])


def _read(query: str, arguments: list[Any] | dict[str, Any]) -> TrialBalance:
    """Sorted here: PostgreSQL takes as long to sort ten thousand rows as to find them."""
    rows = database.execute_prepared(query, arguments).fetchall()
    return TrialBalance(sorted(rows, key=itemgetter(0)))


def _sum_of(currency: str, currencies: Sequence[str], amounts: Sequence[int]) -> int:
    return sum(compress(amounts, map(currency.__eq__, currencies)))


def _row(
    code: str, name: str, account_class: str, currency: str, debits_minor: int, credits_minor: int
) -> TrialBalanceRow:
    kind = AccountClass(account_class)
    debits, credits = Money(debits_minor, currency), Money(credits_minor, currency)
    return TrialBalanceRow(
        account=code,
        name=name,
        account_class=kind,
        debits=debits,
        credits=credits,
        balance=debits - credits if kind.normal_side is Side.DEBIT else credits - debits,
    )
