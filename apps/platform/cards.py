"""Numbers of payment cards: found wherever somebody writes one, so that none is ever kept.

The house is no place for card numbers (PCI DSS 3.2.1: what is not stored cannot leak). A number
counts as a card's when it proves itself by issuer, length and Luhn digit, so receipts, telephone
numbers, IBANs and ids are left alone.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from apps.platform.errors import DomainError
from apps.platform.ibans import is_iban

#: ISO/IEC 7812 issuer ranges with the lengths they are issued in.
_ISSUED = re.compile(
    r"4(?:\d{12}|\d{15}|\d{18})|5[1-5]\d{14}|2(?:22[1-9]|2[3-9]\d|[3-6]\d\d|7[01]\d|720)\d{12}"
    r"|3[47]\d{13}|3(?:0[0-5]|[68]\d)\d{11}|6(?:011|4[4-9]\d|5\d\d)\d{12}|35(?:2[89]|[3-8]\d)\d{12}"
    r"|62\d{14,17}"
)
LENGTHS = range(13, 20)
#: Digits in groups, or in fours with dots; not inside a word, a longer number or a decimal.
_GROUPED = re.compile(
    r"(?<![A-Za-z0-9])(?<!\d\.)(?:\d{4}(?:\.\d{4}){2,3}(?:\.\d{1,3})?|\d+(?:[ -]\d+)*)"
    r"(?![A-Za-z0-9])(?!\.\d)"
)
_LONG = re.compile(r"\d(?:[ .-]?\d){12}")
_GROUP_MAX = 6
_NO_CARD = re.compile(  # UUIDs, and IBANs in groups or not
    r"(?i)\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b"
    r"|\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?\b"
)
#: Telephone numbers (E.164) and account numbers have up to 15 digits, and some pass for a card's.
_NUMBERED = re.compile(r"(?i)(phone|phone_?number|msisdn|account|account_?number|bban)$")
_NUMBERED_DIGITS_MAX = 15
_SECRET = re.compile(r"(?i)(password\d?|token|otp|csrfmiddlewaretoken)$")


@dataclass(eq=False, kw_only=True)
class CardNumberRefused(DomainError):
    """Card numbers are not accepted anywhere."""

    code = "platform/card-number-refused"
    advice = "Take the number out; name a card by the provider's token or its last four digits."

    field: str


def is_card_number(digits: str) -> bool:
    """An issuer's range and the Luhn check digit (ISO/IEC 7812-1, annex B)."""
    if _ISSUED.fullmatch(digits) is None:
        return False
    numbers = [int(digit) for digit in reversed(digits)]
    doubled = (sum(divmod(2 * number, 10)) for number in numbers[1::2])
    return (sum(numbers[::2]) + sum(doubled)) % 10 == 0


def holds_card_number(text: str) -> bool:
    """True if a card's number stands in ``text``, in one piece or in groups."""
    return next(_places(_plain(text)), None) is not None


def refuse_card_numbers(value: Any, field: str = "") -> None:
    """Look through texts, lists and mappings; ``CardNumberRefused`` names the place, never the
    number. Numbers that came as such are amounts and counts, and are left alone.
    """
    if isinstance(value, str):
        if _LONG.search(_plain(value)) and _is_refused(field.rpartition("/")[2], value):
            raise CardNumberRefused(field=field or "body")
    elif isinstance(value, Mapping):
        for name, inner in value.items():
            refuse_card_numbers(str(name), f"{field}/name")
            refuse_card_numbers(inner, f"{field}/{_safe(str(name))}")
    elif isinstance(value, list | tuple):
        for index, inner in enumerate(value):
            refuse_card_numbers(inner, f"{field}/{index}")


def without_card_numbers(body: bytes) -> bytes:
    """What others send and we must keep: card numbers lose all but their last four digits.

    What stands instead has as many digits and begins with 9, which no issuer does: numbers in
    JSON stay numbers, and no cover is taken for a card.
    """
    text = body.decode("latin-1")  # a byte stays a byte
    if _LONG.search(text) is None:
        return body
    for place in reversed(list(_places(text))):
        text = text[: place.start] + place.cover(text) + text[place.stop :]
    return text.encode("latin-1")


@dataclass(frozen=True, slots=True)
class _Place:
    start: int
    stop: int

    def cover(self, text: str) -> str:
        shown = text[self.start : self.stop]
        hidden = re.sub(r"\d", "0", shown[1:-4])
        return f"9{hidden}{shown[-4:]}"


def _places(text: str) -> Iterator[_Place]:
    text = _NO_CARD.sub(_blank_if_named, text)
    for run in _GROUPED.finditer(text):
        groups = list(re.finditer(r"\d+", run[0]))
        done = 0
        for first, last in _windows(groups):
            if first < done:
                continue
            digits = "".join(group[0] for group in groups[first : last + 1])
            is_phone = first == 0 and text[run.start() - 1 : run.start()] == "+"
            if is_card_number(digits) and not (is_phone and len(digits) <= _NUMBERED_DIGITS_MAX):
                done = last + 1
                yield _Place(run.start() + groups[first].start(), run.start() + groups[last].end())


def _windows(groups: list[re.Match[str]]) -> Iterator[tuple[int, int]]:
    """Neighbouring groups that make up as many digits as a card has."""
    for first in range(len(groups)):
        length = 0
        for last in range(first, len(groups)):
            size = len(groups[last][0])
            length += size
            if last > first and max(size, len(groups[first][0])) > _GROUP_MAX:
                break
            if length in LENGTHS:
                yield first, last
            if length >= LENGTHS.stop:
                break


def _blank_if_named(match: re.Match[str]) -> str:
    plain = re.sub(r"[ -]", "", match[0]).upper()
    is_named = "-" in match[0] or is_iban(plain)
    return "x" * len(match[0]) if is_named else match[0]


def _is_refused(name: str, text: str) -> bool:
    if _SECRET.search(name):
        return False
    digits = sum(letter.isdigit() for letter in text)
    is_numbered = _NUMBERED.search(name) is not None and digits <= _NUMBERED_DIGITS_MAX
    return not is_numbered and holds_card_number(text)


def _plain(text: str) -> str:
    """Digits, spaces and dashes of every script as the plain ones."""
    if text.isascii():
        return text
    return "".join(_PLAIN.get(unicodedata.category(letter), str)(letter) for letter in text)


_PLAIN: dict[str, Callable[[str], str]] = {
    "Nd": lambda letter: str(unicodedata.digit(letter)),
    "Zs": lambda _letter: " ",
    "Pd": lambda _letter: "-",
}


def _safe(name: str) -> str:
    return "name" if holds_card_number(name) else name.replace("~", "~0").replace("/", "~1")
