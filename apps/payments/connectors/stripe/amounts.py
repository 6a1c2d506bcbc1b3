"""Money in Stripe's units, which are not always ISO's minor units.

From Stripe's page "Supported currencies": amounts are in the smallest unit, except that some
currencies have none, that the króna is written with two decimals which are always zero, and that
the last digit of a three-decimal currency is zero. The page tells Uganda's shilling in two ways
that differ by a hundred, so it is not offered.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from apps.payments.connectors.base import AmountPolicy
from apps.platform.currencies import CURRENCIES
from apps.platform.money import MINOR_MAX, Money

_WHOLE = frozenset(
    {
        "BIF", "CLP", "DJF", "GNF", "JPY", "KMF", "KRW", "MGA", "PYG", "RWF", "VND", "VUV", "XAF",
        "XOF", "XPF",
    }
)  # fmt: skip
_THOUSANDTHS = frozenset({"BHD", "JOD", "KWD", "OMR", "TND"})
_STEPS = {"ISK": 100, **dict.fromkeys(_THOUSANDTHS, 10)}
_NOT_OFFERED = frozenset({"UGX", "XXX", "XTS"})
#: What a charge may be at all, in Stripe's units: eight digits; the least depends on the currency.
CHARGE_LEAST, MOST = 50, 99_999_999


@cache
def decimals(currency: str) -> int | None:
    """Decimals that Stripe gives the currency; nothing when we do not offer it."""
    known = CURRENCIES.get(currency)
    if known is None or currency in _NOT_OFFERED:
        return None
    if currency in _WHOLE:
        return 0
    if currency in _THOUSANDTHS:
        return 3
    is_plain = known.exponent == 2 or currency in _STEPS  # noqa: PLR2004  decimals of most
    return 2 if is_plain else None


def stated(amount: Money) -> int:
    """The amount in Stripe's units; ``ValueError`` when Stripe cannot move it exactly."""
    places = decimals(amount.currency)
    if places is None:
        raise ValueError(f"Stripe does not move {amount.currency} here")
    shift = places - CURRENCIES[amount.currency].exponent
    units, rest = divmod(amount.minor * 10 ** max(shift, 0), 10 ** max(-shift, 0))
    if rest or units < 1 or units % _STEPS.get(amount.currency, 1):
        raise ValueError(f"Stripe cannot move {amount}")
    return units


def read(units: object, currency: object) -> Money | None:
    """An amount as Stripe states it, which may be negative; nothing when it is none."""
    if type(units) is not int or not isinstance(currency, str) or currency != currency.lower():
        return None
    code = currency.upper()
    places = decimals(code)
    if places is None:
        return None
    shift = CURRENCIES[code].exponent - places
    minor, rest = divmod(units * 10 ** max(shift, 0), 10 ** max(-shift, 0))
    return None if rest or abs(minor) > MINOR_MAX else Money(minor, code)


@cache
def policies(least: int) -> Mapping[str, AmountPolicy]:
    """What may be moved in each currency, in our minor units, from ``least`` of Stripe's."""
    found = {}
    for code, known in CURRENCIES.items():
        places = decimals(code)
        if places is None:
            continue
        scale = known.exponent - places  # ours is finer where it is positive
        step = _STEPS.get(code, 1)
        first = -(-least // step) * step
        ours = [n * 10**scale if scale > 0 else n // 10**-scale for n in (first, MOST, step)]
        found[code] = AmountPolicy(least=ours[0], most=ours[1], step=max(ours[2], 1))
    return found
