"""What a fiscal year came to, and what still has to be carried to retained earnings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from uuid import UUID

from django.db import connection
from django.db.models import QuerySet

from apps.ledger.domain import AccountClass, Side
from apps.ledger.domain.entries import POSITIONS
from apps.ledger.domain.periods import CLOSE, PeriodState
from apps.ledger.errors import PeriodNotFound
from apps.ledger.models import Account, FiscalYear, JournalEntry, Period
from apps.ledger.selectors.periods import calendar
from apps.platform.ids import public_id
from apps.platform.money import Money

_LEFT = """
    SELECT a.currency, a.code, a.name, a.account_class,
           (s.credits_minor - s.debits_minor)::bigint AS result
      FROM ledger_sums_through_v1(%s) s JOIN ledger_account a ON a.id = s.account_id
     WHERE a.account_class IN ('income', 'expense') AND s.debits_minor <> s.credits_minor
     ORDER BY a.currency, a.code
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class YearLine:
    """One income or expense account at the year's end. ``side`` empties it."""

    account: str
    name: str
    account_class: AccountClass
    side: Side
    amount: Money


@dataclass(frozen=True, slots=True, kw_only=True)
class CurrencyResult:
    """What is carried in one currency; ``result`` is a profit, or negative for a loss."""

    currency: str
    result: Money
    retained_earnings: str
    lines: tuple[YearLine, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class YearRow:
    """A fiscal year, what is left to carry, and the closing entries that stand."""

    id: UUID
    name: str
    starts: date
    ends: date
    closings: int
    unready: tuple[str, ...]
    left: tuple[CurrencyResult, ...]
    entries: tuple[UUID, ...]


def fiscal_year(id: UUID) -> YearRow:
    """A year as it stands now: the dry run of carrying its result. ``PeriodNotFound``."""
    year = FiscalYear.objects.filter(id=id).first()
    if year is None:
        raise PeriodNotFound(reference=public_id("fy", id))
    return YearRow(
        id=year.id,
        name=year.name,
        starts=year.starts,
        ends=year.ends,
        closings=year.closings,
        unready=tuple(unready_periods(year)),
        left=tuple(left_to_carry(year)),
        entries=tuple(entry.id for entry in standing_closings(year)),
    )


def unready_periods(year: FiscalYear) -> list[str]:
    """What stands in the way of carrying the result: open periods, or a last one closed for good.

    The closing entries count on the year's last day, whose period must still take them.
    """
    periods = list(Period.objects.filter(year=year).order_by("starts"))
    still_open = [row.name for row in periods if row.state == PeriodState.OPEN]
    final = [row.name for row in periods[-1:] if row.state == PeriodState.HARD_CLOSED]
    return still_open or final


def left_to_carry(year: FiscalYear) -> list[CurrencyResult]:
    """For each currency what income and expense accounts hold at the year's end."""
    accounts = calendar().retained_earnings
    with connection.cursor() as cursor:
        cursor.execute(_LEFT, [year.ends])
        rows = cursor.fetchall()
    return [
        CurrencyResult(
            currency=currency,
            result=Money(sum(line[4] for line in lines), currency),
            retained_earnings=accounts.get(currency, ""),
            lines=tuple(
                YearLine(
                    account=code,
                    name=name,
                    account_class=AccountClass(account_class),
                    side=Side.DEBIT if result > 0 else Side.CREDIT,
                    amount=Money(abs(result), currency),
                )
                for _, code, name, account_class, result in lines
            ),
        )
        for currency, lines in ((c, list(g)) for c, g in groupby(rows, key=lambda row: row[0]))
    ]


def standing_closings(year: FiscalYear) -> Sequence[JournalEntry]:
    """The year's closing entries that were not taken back, the oldest first."""
    written = JournalEntry.objects.filter(
        kind=CLOSE, source_event__startswith=f"{public_id('fy', year.id)}:", reverses=None
    )
    taken_back = JournalEntry.objects.filter(reverses__in=written)
    return list(written.exclude(id__in=taken_back.values("reverses_id")).order_by("id"))


def retaining_accounts(currency: str) -> QuerySet[Account]:
    """Equity that may keep a year's result: never the positions, which conversions alone move."""
    equity = Account.objects.filter(
        account_class=AccountClass.EQUITY, currency=currency, is_header=False
    )
    return equity.exclude(code__startswith=POSITIONS).order_by("code")
