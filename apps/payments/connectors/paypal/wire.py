"""PayPal's forms of JSON, time and money, read without trusting them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from decimal import Decimal

from apps.platform.money import Money

#: https://developer.paypal.com/reference/currency-codes/; these have no decimals at PayPal.
WITHOUT_DECIMALS = frozenset({"HUF", "JPY", "TWD"})
CURRENCIES = WITHOUT_DECIMALS | {
    "AUD", "BRL", "CAD", "CNY", "CZK", "DKK", "EUR", "HKD", "ILS", "MYR", "MXN", "NZD", "NOK",
    "PHP", "PLN", "GBP", "SGD", "SEK", "CHF", "THB", "USD",
}  # fmt: skip
#: People, and links that let whoever holds them act as the payer.
_COVERED = {
    "email_address", "receiver", "payer_id", "account_id", "given_name", "surname", "full_name",
    "phone", "phone_number", "national_number", "address", "shipping", "note_to_payer", "note",
    "access_token", "party", "return_url", "cancel_url",
}  # fmt: skip
_DROPPED = {"links"}
_AMOUNT = re.compile(r"-?\d{1,15}(\.\d{1,4})?")


def document(body: bytes) -> dict[str, object]:
    """A JSON object with exact numbers; anything else reads as an empty one."""
    try:
        value = json.loads(body, parse_float=Decimal)
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def inner(value: object, *names: str) -> dict[str, object]:
    """The object at a path, or an empty one."""
    for name in names:
        value = value.get(name) if isinstance(value, dict) else None
    return value if isinstance(value, dict) else {}


def rows(value: object) -> Iterator[dict[str, object]]:
    """The objects of a list; nothing where there is none."""
    return (row for row in value if isinstance(row, dict)) if isinstance(value, list) else iter(())


def text(value: object, longest: int = 255) -> str:
    """A text, cut; other things as nothing."""
    return value.strip()[:longest] if isinstance(value, str) else ""


def money(value: object) -> Money | None:
    """``{"currency_code": "USD", "value": "10.00"}`` (or ``currency``); nothing if it is none."""
    if not isinstance(value, dict):
        return None
    told, currency = value.get("value"), value.get("currency_code", value.get("currency"))
    if not isinstance(told, str) or not _AMOUNT.fullmatch(told) or currency not in CURRENCIES:
        return None
    try:
        return Money.from_major(Decimal(told), str(currency))
    except ValueError:
        return None


def amount(value: Money, name: str = "currency_code") -> dict[str, str]:
    """An amount as PayPal wants it; a programming mistake by now if it cannot be written."""
    told = value.major
    if value.currency in WITHOUT_DECIMALS:
        whole = told.to_integral_value()
        if whole != told:
            raise ValueError(f"PayPal moves no fractions of {value.currency}")
        told = whole
    if value.minor <= 0 or value.currency not in CURRENCIES:
        raise ValueError(f"PayPal cannot move {value}")
    return {name: value.currency, "value": f"{told:f}"}


def moment(value: object) -> datetime | None:
    """``2026-11-22T15:30:45Z`` or with an offset, as UTC; nothing without a zone."""
    try:
        told = datetime.fromisoformat(text(value))
        return told.astimezone(UTC) if told.tzinfo else None
    except (ValueError, OverflowError):
        return None


def stamp(at: datetime) -> str:
    """A moment as the query parameters want it."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def link(told: Mapping[str, object], *relations: str) -> str:
    """Where the first link with one of the relations leads."""
    for row in rows(told.get("links")):
        if row.get("rel") in relations:
            return text(row.get("href"), 2_000)
    return ""


def covered(body: Mapping[str, object]) -> dict[str, object]:
    """A body fit to be kept as evidence: nobody's name or address, and no links."""
    return {name: _cover(name, value) for name, value in body.items() if name not in _DROPPED}


def _cover(name: str, value: object) -> object:
    if name in _COVERED:
        return "***"
    if isinstance(value, dict):
        return covered(value)
    if isinstance(value, list):
        return [_cover("", item) for item in value]
    return value if isinstance(value, bool | int) or value is None else str(value)[:300]
