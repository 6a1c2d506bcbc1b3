"""Currencies and how many decimals each has, from ISO 4217 (list one, amendment of the package)."""

from __future__ import annotations

from dataclasses import dataclass

from iso4217 import Currency as _Iso

#: Minor units of any unit of account: amounts are 64-bit whole numbers of 10**-exponent.
EXPONENT_MAX = 9


@dataclass(frozen=True, slots=True)
class Currency:
    """One unit of account. ``exponent`` is the number of decimals of its minor unit."""

    code: str
    exponent: int
    name: str


CURRENCIES: dict[str, Currency] = {
    iso.code: Currency(iso.code, iso.exponent, iso.currency_name)
    for iso in _Iso
    if iso.exponent is not None
}


def exponent(code: str) -> int:
    """Decimals of the currency; ``ValueError`` for a code ISO 4217 does not know."""
    try:
        return CURRENCIES[code].exponent
    except KeyError:
        raise ValueError(f"unknown currency {code!r}") from None
