"""Statements as CSV, by a declared profile: every bank and wallet has a form of its own.

A profile says which column is what and how numbers, days and signs are written. With a column of
balances every line is proved by the one before it.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import BinaryIO, Literal

from apps.payments.connectors.bank import reading
from apps.payments.connectors.bank.reading import DEFAULT, Limits, Place
from apps.payments.domain.bank_statements import (
    Entry,
    Header,
    Part,
    Party,
    References,
    Side,
    Tally,
)

Column = Literal[
    "booking_date",
    "value_date",
    "amount",
    "side",
    "credit",
    "debit",
    "currency",
    "balance",
    "end_to_end",
    "bank",
    "counterparty",
    "counterparty_account",
    "text",
    "code",
]
Sign = Literal["signed", "negated", "by_side", "by_column"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """How one bank writes its CSV.

    ``columns`` gives the heading of each thing we read. ``sign``: a signed amount in which minus is
    money out (``signed``) or in (``negated``); an amount and a column whose ``debit_words`` mean
    out (``by_side``); or a column for each (``by_column``). Rows before the heading are skipped.
    """

    name: str
    account: str
    currency: str
    columns: Mapping[Column, str]
    sign: Sign
    date_format: str
    decimal_mark: Literal[".", ","] = "."
    thousands_mark: str = ","
    delimiter: str = ","
    encoding: str = "utf-8"
    credit_words: frozenset[str] = field(default_factory=lambda: frozenset({"C", "CR", "CREDIT"}))
    debit_words: frozenset[str] = field(default_factory=lambda: frozenset({"D", "DR", "DEBIT"}))
    is_newest_first: bool = False

    def __post_init__(self) -> None:
        needed: dict[Sign, set[Column]] = {
            "signed": {"amount"},
            "negated": {"amount"},
            "by_side": {"amount", "side"},
            "by_column": {"credit", "debit"},
        }
        if missing := (needed[self.sign] | {"booking_date"}) - self.columns.keys():
            raise ValueError(f"profile {self.name} names no column for {sorted(missing)}")
        if self.thousands_mark == self.decimal_mark:
            raise ValueError(f"profile {self.name} has one mark for thousands and decimals")


def read(stream: BinaryIO, profile: Profile, limits: Limits = DEFAULT) -> Iterator[Part]:
    """The parts of the one statement; ``UnreadableFile`` and nothing else."""
    place = Place(f"csv:{profile.name}")
    rows = _rows(stream, profile, place, limits)
    headings = _headings(rows, profile, place)
    yield Header(format=place.format, account=profile.account, currency=profile.currency)
    reader = _Reader(profile, place, headings)
    for row in rows:
        if not any(cell.strip() for cell in row):
            continue
        if reader.tally.count >= limits.entries:
            raise place.refusal(f"more than {limits.entries} entries")
        yield reader.entry(row)
    yield reader.tally.footer()


def _rows(stream: BinaryIO, profile: Profile, place: Place, limits: Limits) -> Iterator[list[str]]:
    lines = reading.lines(stream, place, limits, profile.encoding)
    try:
        yield from csv.reader(lines, delimiter=profile.delimiter, strict=True)
    except csv.Error as refused:
        raise place.refusal(f"not CSV: {refused}") from None


def _headings(rows: Iterator[list[str]], profile: Profile, place: Place) -> list[str]:
    wanted = set(profile.columns.values())
    for row in rows:
        headings = [cell.strip() for cell in row]
        if wanted <= set(headings):
            return headings
    raise place.refusal("the headings of the profile are not there")


class _Reader:
    """Rows into entries, with the chain of balances."""

    def __init__(self, profile: Profile, place: Place, headings: list[str]) -> None:
        self.tally = Tally()
        self._profile = profile
        self._place = place
        self._width = len(headings)
        self._at = {what: headings.index(name) for what, name in profile.columns.items()}
        self._balance: int | None = None

    def entry(self, row: list[str]) -> Entry:
        if len(row) != self._width:
            raise self._place.refusal(f"{len(row)} columns, not {self._width}")
        signed = self._signed(row)
        currency = self._cell(row, "currency") or self._profile.currency
        if currency != self._profile.currency:
            raise self._place.refusal(f"in {currency[:12]}, not {self._profile.currency}")
        booked = reading.day(
            self._cell(row, "booking_date"), self._profile.date_format, self._place
        )
        value = self._cell(row, "value_date")
        entry = Entry(
            number=self.tally.count + 1,
            amount_minor=abs(signed),
            currency=currency,
            side=Side.CREDIT if signed > 0 else Side.DEBIT,
            booking_date=booked,
            value_date=reading.day(value, self._profile.date_format, self._place)
            if value
            else booked,
            references=References(
                end_to_end=self._cell(row, "end_to_end"), bank=self._cell(row, "bank")
            ),
            counterparty=Party(
                self._cell(row, "counterparty"), self._cell(row, "counterparty_account")
            ),
            text=self._cell(row, "text"),
            code=self._cell(row, "code"),
        )
        self._prove(row, signed)
        return self.tally.add(entry)

    def _signed(self, row: list[str]) -> int:
        """What the row adds to the balance; never nothing."""
        sign = self._profile.sign
        if sign == "by_column":
            signed = abs(self._number(row, "credit")) - abs(self._number(row, "debit"))
            both = self._number(row, "credit") and self._number(row, "debit")
            if both:
                raise self._place.refusal("an amount in both columns")
        else:
            signed = self._number(row, "amount")
            if sign == "negated":
                signed = -signed
            elif sign == "by_side":
                signed = abs(signed) * self._side(row).sign
        if not signed:
            raise self._place.refusal("no amount")
        return signed

    def _side(self, row: list[str]) -> Side:
        word = self._cell(row, "side").upper()
        if word in self._profile.credit_words:
            return Side.CREDIT
        if word not in self._profile.debit_words:
            raise self._place.refusal(f"{word[:20]!r} is neither credit nor debit")
        return Side.DEBIT

    def _prove(self, row: list[str], signed: int) -> None:
        """Each balance must follow from its neighbour; the outermost ones prove the whole."""
        if "balance" not in self._at:
            return
        balance = self._number(row, "balance")
        before = balance - signed
        if self._profile.is_newest_first:
            expected, self._balance = self._balance, before
            is_broken = expected is not None and balance != expected
            self.tally.opening_minor = before
            if self.tally.closing_minor is None:
                self.tally.closing_minor = balance
        else:
            is_broken = self._balance is not None and before != self._balance
            self._balance = self.tally.closing_minor = balance
            if self.tally.opening_minor is None:
                self.tally.opening_minor = before
        if is_broken:
            raise self._place.refusal("the balance does not follow from the line before it")

    def _number(self, row: list[str], what: Column) -> int:
        text = self._cell(row, what)
        if not text:
            return 0
        profile = self._profile
        plain = text.replace("\u00a0", "").replace(" ", "").replace(profile.thousands_mark, "")
        plain = plain.replace(profile.decimal_mark, ".")
        is_negative = plain.startswith("-") or plain.endswith("-")
        if plain.startswith("(") and plain.endswith(")"):
            is_negative, plain = True, plain[1:-1]
        digits = plain.removeprefix("-").removeprefix("+").removesuffix("-")
        minor = reading.minor_units(digits, profile.currency, self._place)
        return -minor if is_negative else minor

    def _cell(self, row: list[str], what: Column) -> str:
        at = self._at.get(what)
        return "" if at is None else row[at].strip()
