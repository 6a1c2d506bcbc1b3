"""Daraja's forms of JSON, time and money, read without trusting them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

from apps.payments.domain.phones import masked
from apps.platform.money import Money

#: East Africa Time, in which M-Pesa writes every moment; it has no summer time.
EAT = timezone(timedelta(hours=3))
CURRENCY = "KES"
Body = dict[str, object]
_SECRET_FIELDS = {"Password", "SecurityCredential", "InitiatorName", "Initiator"}
_PHONE = re.compile(r"\b254[17]\d{8}\b")
_PHONE_IN_CHECKOUT = re.compile(r"(ws_CO_\d{10,})\d{6}(\d{3})\b")
_ADDRESSES = {"CallBackURL", "ResultURL", "QueueTimeOutURL"}
_AMOUNT = re.compile(r"-?\d[\d,]*(\.\d+)?")


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


def text(value: object) -> str:
    """A text or number as text; other things as nothing."""
    if isinstance(value, bool) or value is None or isinstance(value, dict | list):
        return ""
    return str(value).strip()


def items(node: object, list_name: str) -> dict[str, list[object]]:
    """``ResultParameter``, ``ReferenceItem`` or ``Item``: a list, one bare object, or nothing.

    Names come with and without spaces and some come twice, so each has a list of values.
    """
    rows = node.get(list_name) if isinstance(node, dict) else None
    found: dict[str, list[object]] = {}
    for row in [rows] if isinstance(rows, dict) else _rows(rows):
        name = text(row.get("Key", row.get("Name"))).replace(" ", "")
        if row.get("Value") is not None:
            found.setdefault(name, []).append(row["Value"])
    return found


def _rows(rows: object) -> Iterable[Mapping[str, object]]:
    return (row for row in rows if isinstance(row, dict)) if isinstance(rows, list) else ()


def first(found: Mapping[str, list[object]], *names: str) -> object:
    """The first value of the first of the names that has one."""
    for name in names:
        if name in found:
            return found[name][0]
    return None


def money(value: object) -> Money | None:
    """``1.00``, ``"1,500"`` or ``"10"`` shillings, exactly; nothing when it is not an amount."""
    told = text(value)
    if not _AMOUNT.fullmatch(told):
        return None
    try:
        return Money.from_major(Decimal(told.replace(",", "")), CURRENCY)
    except ValueError:
        return None


def moment(value: object) -> datetime | None:
    """``20191219102115``, ``19.12.2019 11:45:50`` or ``2026-11-22 15:30:45`` in Nairobi, as UTC."""
    told = text(value)
    for form in ("%Y%m%d%H%M%S", "%d.%m.%Y %H:%M:%S", "%Y-%m-%d %H:%M:%S"):
        try:
            return datetime.strptime(told, form).replace(tzinfo=EAT).astimezone(UTC)
        except ValueError:
            continue
    return None


def stamp(now: datetime) -> str:
    """``YYYYMMDDHHmmss`` in Nairobi."""
    return now.astimezone(EAT).strftime("%Y%m%d%H%M%S")


def covered(body: Mapping[str, object]) -> dict[str, object]:
    """A body fit to be kept as evidence: no credentials, no callback secrets, masked numbers."""
    return {name: _cover(name, value) for name, value in body.items()}


def _cover(name: str, value: object) -> object:
    if name in _SECRET_FIELDS or name in _ADDRESSES:
        return "***"
    if isinstance(value, dict):
        return covered(value)
    if isinstance(value, list):
        return [_cover("", item) for item in value]
    return without_numbers(text(value))


def without_numbers(told: str) -> str:
    """The text with every phone number masked, also the one at the end of a CheckoutRequestID."""
    told = _PHONE_IN_CHECKOUT.sub(r"\1*****\2", told)
    return _PHONE.sub(lambda found: masked(found[0]), told)
