"""What a conversion moves, to the minor unit. Settled once, when it is quoted.

The spread is a share of what is sold and is taken in that currency, rounded half to even. The rest
meets the middle rate exactly. What follows from the rate is rounded twice: half to even for our
position, which is fair over many, and in favour of the house for the client. The two differ by at
most one minor unit, which goes to the rounding account of that currency.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction

from apps.ledger.errors.fx import ConversionOutOfRange, SameCurrency
from apps.platform.currencies import exponent
from apps.platform.money import MINOR_MAX, WHOLE_BPS, Money

#: More than this is a mistake, not a price.
SPREAD_BPS_MAX = 5_000


class FixedSide(StrEnum):
    """Which amount the client names; the other follows."""

    SELL = "sell"
    BUY = "buy"


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """Both sides of a conversion, each split without a rest.

    ``sell`` = ``sell_position`` + ``spread`` + ``sell_rounding``;
    ``buy_position`` = ``buy`` + ``buy_rounding``.
    """

    sell: Money
    sell_position: Money
    sell_rounding: Money
    spread: Money
    buy: Money
    buy_position: Money
    buy_rounding: Money


def terms(*, fixed: Money, side: FixedSide, other: str, mid: Fraction, spread_bps: int) -> Terms:
    """Settle both sides. ``mid`` is units of the bought for one unit of the sold currency."""
    if fixed.currency == other:
        raise SameCurrency(currency=other)
    if not 0 <= spread_bps <= SPREAD_BPS_MAX:
        raise ValueError(f"a spread is 0 to {SPREAD_BPS_MAX} basis points")
    sold, bought = (fixed.currency, other) if side is FixedSide.SELL else (other, fixed.currency)
    factor = mid * Fraction(10) ** (exponent(bought) - exponent(sold))
    settle = _from_sell if side is FixedSide.SELL else _from_buy
    sell, sell_position, spread, buy, buy_position = settle(fixed.minor, factor, spread_bps)
    amounts = (sell, sell_position, buy, buy_position)
    if min(amounts) <= 0 or max(amounts) > MINOR_MAX:
        raise ConversionOutOfRange(sell_currency=sold, buy_currency=bought)
    return Terms(
        sell=Money(sell, sold),
        sell_position=Money(sell_position, sold),
        sell_rounding=Money(sell - sell_position - spread, sold),
        spread=Money(spread, sold),
        buy=Money(buy, bought),
        buy_position=Money(buy_position, bought),
        buy_rounding=Money(buy_position - buy, bought),
    )


def _from_sell(sell: int, factor: Fraction, bps: int) -> tuple[int, int, int, int, int]:
    spread = half_even(Fraction(sell * bps, WHOLE_BPS))
    exact = (sell - spread) * factor
    return sell, sell - spread, spread, exact.numerator // exact.denominator, half_even(exact)


def _from_buy(buy: int, factor: Fraction, bps: int) -> tuple[int, int, int, int, int]:
    exact = buy / factor
    charged = -(-exact.numerator // exact.denominator)
    spread = half_even(Fraction(charged * bps, WHOLE_BPS - bps))
    return charged + spread, half_even(exact), spread, buy, buy


def half_even(value: Fraction) -> int:
    """The nearest whole number; of two, the even one."""
    return round(value)


def converted(amount: Money, currency: str, mid: Fraction) -> Money:
    """What an amount is worth in another currency, half to even on the minor unit."""
    scale = Fraction(10) ** (exponent(currency) - exponent(amount.currency))
    return _fitting(amount, currency, amount.minor * mid * scale)


def proportion(amount: Money, part: Money, value: Money) -> Money:
    """The value of ``amount`` if ``part`` of the same currency is worth ``value``, half to even."""
    if amount.currency == value.currency:
        return amount
    return _fitting(amount, value.currency, Fraction(amount.minor * value.minor, part.minor))


def _fitting(amount: Money, currency: str, exact: Fraction) -> Money:
    minor = half_even(exact)
    if abs(minor) > MINOR_MAX:
        raise ConversionOutOfRange(sell_currency=amount.currency, buy_currency=currency)
    return Money(minor, currency)
