"""What single days added to accounts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from django.db.models import Sum

from apps.ledger.models import BalanceDay
from apps.platform.money import Money


@dataclass(frozen=True, slots=True)
class DayRow:
    """The debits and the credits of one account on one value date."""

    account: str
    value_date: date
    debits: Money
    credits: Money


def days_of(accounts: Sequence[str], *, starts: date, ends: date) -> list[DayRow]:
    """Every day on which one of the accounts was posted to, both ends included, by date.

    Read from the kept days, so it costs the same whether a day had one posting or a million.
    """
    rows = BalanceDay.objects.filter(
        account__code__in=accounts, value_date__gte=starts, value_date__lte=ends
    )
    keys = ("account__code", "account__currency", "value_date")
    read = (
        rows.order_by("value_date", "account__code")
        .values_list(*keys)
        .annotate(debits=Sum("debits_minor"), credits=Sum("credits_minor"))
    )
    return [
        DayRow(code, day, Money(int(debits), currency), Money(int(credits), currency))
        for code, currency, day, debits, credits in read
    ]
