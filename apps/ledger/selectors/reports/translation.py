"""Figures of several currencies in the functional one, only where the rates are known.

A rate that is missing is never one, and never yesterday's: without it a report leaves the combined
figures out.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from fractions import Fraction
from zoneinfo import ZoneInfo

from apps.ledger.selectors.fx.rates import rate_book
from apps.platform import clock
from apps.platform.currencies import exponent
from apps.platform.tenant import current_tenant


def in_functional(
    figures: Mapping[str, Mapping[str, tuple[int, ...]]], dates: Sequence[date]
) -> dict[str, tuple[int, ...]] | None:
    """Every account's figures, by currency and account, in minor units of the functional currency.

    One column for each date, at the middle rate of its end, rounded half to even. Nothing when a
    rate is missing, or when all is in that currency already.
    """
    functional = current_tenant().functional_currency
    if not figures.keys() - {functional}:
        return None
    result: dict[str, tuple[int, ...]] = {}
    factors = [_factors(figures.keys(), functional, day) for day in dates]
    for currency, accounts in figures.items():
        known = [one[currency] for one in factors if currency in one]
        if len(known) < len(dates):
            return None
        for account, sums in accounts.items():
            result[account] = tuple(
                round(minor * factor) for minor, factor in zip(sums, known, strict=True)
            )
    return result


def _factors(currencies: Iterable[str], functional: str, day: date) -> dict[str, Fraction]:
    """What one minor unit of each currency is worth in minor units of the functional one."""
    at = min(_end_of(day), clock.now())
    book = rate_book(at, at)
    factors = {functional: Fraction(1)}
    for currency in set(currencies) - {functional}:
        mid = book.mid(currency, functional, at)
        if mid is not None:
            scale = Fraction(10) ** (exponent(functional) - exponent(currency))
            factors[currency] = mid.value * scale
    return factors


def _end_of(day: date) -> datetime:
    zone = ZoneInfo(current_tenant().zone)
    return datetime.combine(day + timedelta(days=1), time.min, zone) - timedelta(microseconds=1)
