"""Figures of several currencies in the functional one, only where the rates are known.

A report asks ``translated`` for each amount. Without a rate the answer is nothing and the report
leaves the combined figures out: a rate that is missing is never one, and never yesterday's.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from decimal import ROUND_HALF_EVEN, Decimal

from apps.platform.money import Money
from apps.platform.tenant import current_tenant

#: What one unit of a currency is worth in the functional currency at the end of a day.
FindRate = Callable[[str, str, date], Decimal | None]


_finders: list[FindRate] = []


def rates_come_from(find: FindRate) -> None:
    """Use the rates that ``find(currency, functional, day)`` knows. Called at start-up."""
    _finders[:] = [find]


def translated(amount: Money, day: date) -> Money | None:
    """The amount in the functional currency, rounded half to even; nothing without a rate."""
    functional = current_tenant().functional_currency
    if amount.currency == functional or not amount:
        return Money(amount.minor, functional)
    rate = next((find(amount.currency, functional, day) for find in _finders), None)
    if rate is None:
        return None
    unit = Money(1, functional).major
    major = (amount.major * rate).quantize(unit, rounding=ROUND_HALF_EVEN)
    return Money.from_major(major, functional)


def in_functional(
    figures: Mapping[str, Mapping[str, tuple[int, ...]]], dates: Sequence[date]
) -> dict[str, tuple[int, ...]] | None:
    """Every account's figures, by currency and account, in minor units of the functional currency.

    One column for each date. Nothing when a rate is missing, or when all is in that currency.
    """
    if not figures.keys() - {current_tenant().functional_currency}:
        return None
    result: dict[str, tuple[int, ...]] = {}
    for currency, accounts in figures.items():
        for account, sums in accounts.items():
            amounts = [
                translated(Money(minor, currency), day)
                for minor, day in zip(sums, dates, strict=True)
            ]
            known = [amount.minor for amount in amounts if amount is not None]
            if len(known) < len(amounts):
                return None
            result[account] = tuple(known)
    return result
