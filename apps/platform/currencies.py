"""Units of account and how many decimals each has.

The base is ISO 4217 (list one, amendment of the package). A tenant may count in units of its own,
such as loyalty points; whoever keeps them says so once with ``further_units_come_from``.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from iso4217 import Currency as _Iso

#: Minor units of any unit of account: amounts are 64-bit whole numbers of 10**-exponent.
EXPONENT_MAX = 9
#: What the code of a unit looks like, ISO's and others.
CODE = re.compile(r"[A-Z][A-Z0-9]{1,11}")


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

FindUnit = Callable[[str], Currency | None]
_finders: list[FindUnit] = []


def further_units_come_from(find: FindUnit) -> None:
    """Ask ``find`` for the present tenant's own unit of a code. Called once, at start-up."""
    _finders[:] = [find]


def currency(code: str) -> Currency | None:
    """The unit of that code, ISO's or the present tenant's own; nothing if there is none."""
    known = CURRENCIES.get(code)
    if known is not None or not CODE.fullmatch(code):
        return known
    return next((found for find in _finders if (found := find(code)) is not None), None)


def exponent(code: str) -> int:
    """Decimals of the unit; ``ValueError`` for a code that nobody knows."""
    known = CURRENCIES.get(code) or currency(code)
    if known is None:
        raise ValueError(f"unknown currency {code!r}")
    return known.exponent
