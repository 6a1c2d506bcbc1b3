"""Exchange rates, and how one is derived from others. Pure: no database, no clock."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_HALF_EVEN, Decimal, localcontext
from enum import StrEnum
from fractions import Fraction
from itertools import pairwise, permutations
from uuid import UUID

from apps.ledger.errors.fx import RateUnsound
from apps.platform.currencies import currency
from apps.platform.ids import public_id

#: What ``numeric(38, 18)`` holds.
RATE_DECIMALS = 18
RATE_DIGITS = 38
RATE_MAX = Decimal(10) ** (RATE_DIGITS - RATE_DECIMALS)

#: Currencies through which others are crossed, after the tenant's own.
PIVOTS = ("EUR", "USD")

#: A manual rate that differs more than this from the rate in force needs a second person.
DEVIATION_BPS_MAX = 200


class RateSource(StrEnum):
    """Where a rate comes from."""

    ECB = "ecb"
    MANUAL = "manual"
    PROVIDER = "provider"


@dataclass(frozen=True, slots=True, kw_only=True)
class RateDraft:
    """One unit of ``base`` is worth ``rate`` units of ``quote`` from one instant until another."""

    base: str
    quote: str
    rate: Decimal
    valid_from: datetime
    valid_until: datetime

    def check(self) -> None:
        """Refuse what no books could use."""
        is_number = self.rate.is_finite() and 0 < self.rate < RATE_MAX
        if not (
            is_number
            and self.rate == rounded(Fraction(self.rate))
            and self.base != self.quote
            and currency(self.base) is not None
            and currency(self.quote) is not None
            and self.valid_from < self.valid_until
        ):
            raise RateUnsound(base=self.base, quote=self.quote, rate=str(self.rate))


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate(RateDraft):
    """A rate that is recorded; it is never changed."""

    id: UUID
    source: RateSource
    recorded_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Hop:
    """One recorded rate on the way: from ``base`` to ``quote``, upside down if inverted."""

    base: str
    quote: str
    rate: Rate

    @property
    def is_inverted(self) -> bool:
        """True if the recorded rate says it the other way round."""
        return self.rate.base != self.base

    @property
    def factor(self) -> Fraction:
        """Exactly what one unit of ``base`` is worth in ``quote``."""
        value = Fraction(self.rate.rate)
        return 1 / value if self.is_inverted else value


@dataclass(frozen=True, slots=True, kw_only=True)
class Mid:
    """The middle rate of a pair with its derivation. ``value`` is exact; no step was rounded."""

    base: str
    quote: str
    hops: tuple[Hop, ...]

    @property
    def value(self) -> Fraction:
        """Units of ``quote`` for one unit of ``base``."""
        value = Fraction(1)
        for hop in self.hops:
            value *= hop.factor
        return value

    @property
    def rate(self) -> Decimal:
        """The value as it is stored and shown: 18 decimals, half to even."""
        return rounded(self.value)

    def derivation(self) -> list[dict[str, object]]:
        """The recorded rates it was made of, in order, for whoever checks it later."""
        return [
            {
                "rate_id": public_id("fxr", hop.rate.id),
                "base": hop.rate.base,
                "quote": hop.rate.quote,
                "rate": f"{hop.rate.rate:f}",
                "source": hop.rate.source.value,
                "is_inverted": hop.is_inverted,
            }
            for hop in self.hops
        ]


class RateBook:
    """The rates of some span of time, ready to be asked for any instant in it."""

    def __init__(self, rates: Iterable[Rate], *, functional: str) -> None:
        self._pivots = tuple(dict.fromkeys((functional, *PIVOTS)))
        self._pairs: dict[tuple[str, str], list[Rate]] = {}
        for rate in sorted(rates, key=lambda one: (one.valid_from, one.recorded_at)):
            self._pairs.setdefault((rate.base, rate.quote), []).append(rate)

    def mid(self, base: str, quote: str, at: datetime) -> Mid | None:
        """The pair itself, else through one pivot, else through two; or nothing.

        Of several rates the one that began last counts. Only rates valid at ``at`` are looked at.
        """
        if base == quote:
            return Mid(base=base, quote=quote, hops=())
        for way in self._ways(base, quote):
            hops = [self._hop(here, there, at) for here, there in pairwise(way)]
            if all(hops):
                return Mid(base=base, quote=quote, hops=tuple(hop for hop in hops if hop))
        return None

    def _ways(self, base: str, quote: str) -> Iterator[Sequence[str]]:
        pivots = [pivot for pivot in self._pivots if pivot not in (base, quote)]
        for number in range(3):
            for through in permutations(pivots, number):
                yield (base, *through, quote)

    def _hop(self, base: str, quote: str, at: datetime) -> Hop | None:
        found = [
            rate
            for pair in ((base, quote), (quote, base))
            if (rate := self._valid(pair, at)) is not None
        ]
        if not found:
            return None
        newest = max(found, key=lambda rate: (rate.valid_from, rate.base == base))
        return Hop(base=base, quote=quote, rate=newest)

    def _valid(self, pair: tuple[str, str], at: datetime) -> Rate | None:
        rates = self._pairs.get(pair, [])
        begun = bisect_right(rates, at, key=lambda rate: rate.valid_from)
        return next((rate for rate in reversed(rates[:begun]) if at < rate.valid_until), None)


def rounded(value: Fraction) -> Decimal:
    """A fraction with 18 decimals, half to even."""
    units, rest = divmod(value.numerator * 10**RATE_DECIMALS, value.denominator)
    twice = 2 * rest
    up = twice > value.denominator or (twice == value.denominator and units % 2 == 1)
    with localcontext(prec=2 * RATE_DIGITS, rounding=ROUND_HALF_EVEN):
        return Decimal(units + up).scaleb(-RATE_DECIMALS)


def plain(rate: Decimal) -> str:
    """A rate as people write it: no exponent, no trailing zeros."""
    text = f"{rate:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def deviation_bps(rate: Decimal, reference: Fraction) -> int:
    """How far a rate is from another one, in basis points, rounded up."""
    distance = abs(Fraction(rate) - reference) / reference * 10_000
    return -(-distance.numerator // distance.denominator)
