"""Amounts as PayPal writes them: text, with the decimals PayPal gives the currency."""

from __future__ import annotations

import re
from typing import Any

from tests.worlds.paypal.errors import Refused

#: https://developer.paypal.com/reference/currency-codes/
WITHOUT_DECIMALS = frozenset({"HUF", "JPY", "TWD"})
CURRENCIES = WITHOUT_DECIMALS | {
    "AUD", "BRL", "CAD", "CNY", "CZK", "DKK", "EUR", "HKD", "ILS", "MYR", "MXN", "NZD", "NOK",
    "PHP", "PLN", "GBP", "SGD", "SEK", "CHF", "THB", "USD",
}  # fmt: skip
_VALUE = re.compile(r"(\d{1,12})(?:\.(\d{1,3}))?")


def shown(minor: int, currency: str, name: str = "currency_code") -> dict[str, str]:
    """``{"currency_code": "USD", "value": "10.00"}``; Payouts call the first ``currency``."""
    sign, minor = ("-" if minor < 0 else ""), abs(minor)
    if currency in WITHOUT_DECIMALS:
        return {name: currency, "value": f"{sign}{minor}"}
    return {name: currency, "value": f"{sign}{minor // 100}.{minor % 100:02d}"}


def read(told: Any, field: str, name: str = "currency_code") -> tuple[int, str]:
    """Minor units and currency of an amount; text only, as the API's schema has it."""
    if not isinstance(told, dict):
        raise Refused(400, "MISSING_REQUIRED_PARAMETER", field=field)
    currency, value = told.get(name), told.get("value")
    found = _VALUE.fullmatch(value) if isinstance(value, str) else None
    if not isinstance(currency, str) or found is None:
        raise Refused(400, "INVALID_PARAMETER_SYNTAX", field=f"{field}/value")
    if currency not in CURRENCIES:
        raise Refused(422, "CURRENCY_NOT_SUPPORTED", field=f"{field}/{name}")
    whole, decimals = found[1], found[2] or ""
    if currency in WITHOUT_DECIMALS:
        if decimals.strip("0"):
            raise Refused(422, "DECIMALS_NOT_SUPPORTED", field=f"{field}/value")
        minor = int(whole)
    else:
        if len(decimals) > 2:
            raise Refused(422, "DECIMAL_PRECISION", field=f"{field}/value")
        minor = int(whole) * 100 + int(decimals.ljust(2, "0") or "0")
    if minor <= 0:
        raise Refused(422, "CANNOT_BE_ZERO_OR_NEGATIVE", field=f"{field}/value")
    return minor, currency
