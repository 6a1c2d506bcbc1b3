"""What all readers share: limits, bounded lines, amounts and dates of strangers."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import BinaryIO

from apps.payments.errors.bank_files import UnreadableFile
from apps.platform.currencies import CURRENCIES
from apps.platform.money import MINOR_MAX

_AMOUNT = re.compile(r"([0-9]{1,19})(?:\.([0-9]{0,19}))?")


@dataclass(frozen=True, slots=True)
class Limits:
    """How much is read at most. A file beyond a limit is refused, not cut."""

    file_bytes: int = 512 * 1024 * 1024
    entries: int = 1_000_000
    line_bytes: int = 16_384


DEFAULT = Limits()


@dataclass(slots=True)
class Place:
    """Where a reader is, so that a refusal can say so."""

    format: str
    what: str = "file"

    def refusal(self, reason: str) -> UnreadableFile:
        """The refusal of what is here."""
        return UnreadableFile(format=self.format, place=self.what, reason=reason[:200])


def chunks(stream: BinaryIO, place: Place, limits: Limits, size: int = 65_536) -> Iterator[bytes]:
    """The bytes of the file, up to the limit."""
    total = 0
    while chunk := stream.read(size):
        total += len(chunk)
        if total > limits.file_bytes:
            raise place.refusal(f"longer than {limits.file_bytes} bytes")
        yield chunk


def lines(stream: BinaryIO, place: Place, limits: Limits, encoding: str = "utf-8") -> Iterator[str]:
    """The lines of the file with their ends; the place follows them."""
    total = number = 0
    while line := stream.readline(limits.line_bytes + 1):
        number += 1
        place.what = f"line {number}"
        total += len(line)
        if len(line) > limits.line_bytes:
            raise place.refusal(f"longer than {limits.line_bytes} bytes")
        if total > limits.file_bytes:
            raise place.refusal(f"the file is longer than {limits.file_bytes} bytes")
        try:
            text = line.decode(encoding)
        except UnicodeDecodeError:
            raise place.refusal(f"not {encoding}") from None
        yield text.removeprefix("\ufeff") if number == 1 else text


def exponent(currency: str, place: Place) -> int:
    """Decimals of an ISO currency. Tenants' own units never occur in a bank's file."""
    known = CURRENCIES.get(currency)
    if known is None:
        raise place.refusal(f"{currency!r} is not an ISO 4217 currency")
    return known.exponent


def minor_units(text: str, currency: str, place: Place) -> int:
    """``"10.5"`` in minor units: digits and a point, no sign; no more decimals than there are."""
    found = _AMOUNT.fullmatch(text)
    if found is None:
        raise place.refusal(f"{text[:40]!r} is not an amount")
    places = exponent(currency, place)
    decimals = (found[2] or "").rstrip("0")
    if len(decimals) > places:
        raise place.refusal(f"{text[:40]!r} has more decimals than {currency}")
    return bounded(int(found[1] + decimals.ljust(places, "0")), place)


def bounded(minor: int, place: Place) -> int:
    """An amount that the books can hold."""
    if abs(minor) > MINOR_MAX:
        raise place.refusal("an amount is too large")
    return minor


def day(text: str, form: str, place: Place) -> date:
    """A date in a ``strptime`` form."""
    try:
        return datetime.strptime(text, form).date()  # noqa: DTZ007  a calendar day has no zone
    except (ValueError, IndexError):
        raise place.refusal(f"{text[:40]!r} is not a date") from None


def iso_day(text: str, place: Place) -> date:
    """A date as XML Schema writes it, with or without a zone behind it."""
    try:
        return date.fromisoformat(text[:10])
    except ValueError:
        raise place.refusal(f"{text[:40]!r} is not a date") from None


def iso_moment(text: str, place: Place) -> datetime:
    """An ISO 8601 date and time, with a zone if the bank wrote one."""
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        raise place.refusal(f"{text[:40]!r} is not a time") from None
