"""MT940 customer statements and MT942 interim reports, tolerant of what banks really write.

SWIFT blocks may surround the message or not; lines may be wrapped within a field. Every ``:20:``
begins a message. A file's own sums (``:90C:``, ``:90D:``) must hold; the balances are the proof.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import date
from typing import BinaryIO

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

LINES_MAX = 200  # of one field
_TAG = re.compile(r":([0-9]{2}[A-Z]?):(.*)", re.DOTALL)
_BALANCE = re.compile(r"([CD])([0-9]{6})([A-Z]{3})([0-9]+[,.]?[0-9]*)")
_LINE = re.compile(
    r"([0-9]{6})([0-9]{4})?(E?R?[CD]|[CD]R)([A-Z])?([0-9]+[,.][0-9]*)"
    r"([A-Z][A-Z0-9]{3})([^/\n]*(?:/[^/\n]+)*)(?://([^\n]+))?"
)
_FLOOR = re.compile(r"([A-Z]{3})[CD]?[0-9]+[,.]?[0-9]*")
_SUM = re.compile(r"([0-9]{1,5})([A-Z]{3})([0-9]+[,.]?[0-9]*)")
_END_TO_END = re.compile(r"(?:/EREF/|EREF[+:] ?)([^/+?\n]+)")
_NAME = re.compile(r"(?:/NAME/|\?32)([^/?\n]+)")
_UNTOLD = ("NONREF", "NOTPROVIDED", "")


def read(stream: BinaryIO, limits: Limits = DEFAULT, encoding: str = "latin-1") -> Iterator[Part]:
    """The parts of every message in the file; ``UnreadableFile`` and nothing else."""
    place = Place("mt940")
    message: _Message | None = None
    for tag, text in _fields(reading.lines(stream, place, limits, encoding), place):
        if tag == "20":
            if message is not None:
                yield from message.end()
            message = _Message(place, limits, text)
        elif message is None:
            raise place.refusal(f":{tag}: before :20:")
        else:
            yield from message.take(tag, text)
    if message is None:
        raise place.refusal("no message in it")
    yield from message.end()


def _fields(lines: Iterator[str], place: Place) -> Iterator[tuple[str, str]]:
    """Tags with their text; wrapped lines joined by a line feed; blocks and trailers left out."""
    tag, told, where = "", [""], ""
    for line in lines:
        here = place.what
        text = line.rstrip("\r\n").rstrip()
        found = _TAG.match(text.removeprefix("{4:")) if ":" in text else None
        if found or text == "-" or text.startswith(("-}", "{")):
            if tag:
                place.what = where
                yield tag, "\n".join(told)
                place.what = here
            tag, told, where = (found[1], [found[2]], here) if found else ("", [""], here)
        elif tag:
            told.append(text)
            if len(told) > LINES_MAX:
                raise place.refusal(f"more than {LINES_MAX} lines in one field")
    if tag:
        place.what = where
        yield tag, "\n".join(told)


@dataclass(slots=True)
class _Message:
    place: Place
    limits: Limits
    reference: str
    account: str = ""
    number: str = ""
    currency: str = ""
    is_interim: bool = False
    is_begun: bool = False
    tally: Tally = field(default_factory=Tally)
    pending: Entry | None = None
    sums: dict[Side, list[int]] = field(
        default_factory=lambda: {Side.CREDIT: [0, 0], Side.DEBIT: [0, 0]}
    )

    def take(self, tag: str, text: str) -> Iterator[Part]:
        if tag == "61":
            yield from self._begin()
            yield from self._flush()
            self.pending = self._entry(text)
        elif tag == "86":
            yield from self._flush(text)
        elif tag in ("60F", "60M"):
            self.tally.opening_minor = self._balance(text)
        elif tag in ("62F", "62M"):
            yield from self._begin()
            yield from self._flush()
            self.tally.closing_minor = self._balance(text)
        elif tag in ("90C", "90D"):
            yield from self._flush()
            self._check_sum(Side.CREDIT if tag == "90C" else Side.DEBIT, text)
        else:
            self._about(tag, text)

    def end(self) -> Iterator[Part]:
        yield from self._begin()
        yield from self._flush()
        if self.tally.closing_minor is None and not self.is_interim:
            raise self.place.refusal("no closing balance: the statement is cut off")
        yield self.tally.footer()

    def _about(self, tag: str, text: str) -> None:
        if tag == "25":
            self.account = text.strip().replace(" ", "")
        elif tag in ("28C", "28"):
            self.number = text.strip()
        elif tag == "34F":
            found = _FLOOR.fullmatch(text.strip())
            if found is None:
                raise self.place.refusal("the floor limit cannot be read")
            self.is_interim, self.currency = True, found[1]

    def _begin(self) -> Iterator[Part]:
        if self.is_begun:
            return
        self.is_begun = True
        if not self.account or not self.currency:
            raise self.place.refusal("no account, or no opening balance")
        yield Header(
            format="mt942" if self.is_interim else "mt940",
            account=self.account,
            currency=self.currency,
            reference=self.reference.strip(),
            number=self.number,
            opening_minor=self.tally.opening_minor,
            is_intraday=self.is_interim,
        )

    def _balance(self, text: str) -> int:
        found = _BALANCE.fullmatch(text.replace("\n", "").strip())
        if found is None or (self.currency and found[3] != self.currency):
            raise self.place.refusal("a balance cannot be read, or is in another currency")
        self.currency = found[3]
        minor = self._minor(found[4])
        return minor if found[1] == "C" else -minor

    def _entry(self, text: str) -> Entry:
        if self.tally.count >= self.limits.entries:
            raise self.place.refusal(f"more than {self.limits.entries} entries")
        first, _, rest = text.partition("\n")
        found = _LINE.fullmatch(first.strip())
        if found is None:
            found, rest = _LINE.fullmatch(text.replace("\n", "").strip()), ""
        if found is None:
            raise self.place.refusal("an entry cannot be read")
        value = reading.day(found[1], "%y%m%d", self.place)
        side, is_reversal = _mark(found[3])
        ours = found[7].strip()
        return Entry(
            number=self.tally.count + 1,
            amount_minor=self._minor(found[5]),
            currency=self.currency,
            side=side,
            value_date=value,
            booking_date=self._booking(found[2], value),
            references=References(
                end_to_end="" if ours in _UNTOLD else ours, bank=(found[8] or "").strip()
            ),
            text=rest.replace("\n", " ").strip(),
            code=found[6],
            is_reversal=is_reversal,
        )

    def _booking(self, month_and_day: str | None, value: date) -> date:
        """The booking day has no year: the one nearest to the value date is meant."""
        if not month_and_day:
            return value
        month, day = int(month_and_day[:2]), int(month_and_day[2:])
        near = []
        for year in (value.year - 1, value.year, value.year + 1):
            try:
                near.append(date(year, month, day))
            except ValueError:
                continue
        if not near:
            raise self.place.refusal(f"{month_and_day} is not a day")
        return min(near, key=lambda day: abs((day - value).days))

    def _flush(self, information: str = "") -> Iterator[Entry]:
        """The entry before, with what ``:86:`` tells of it."""
        entry, self.pending = self.pending, None
        if entry is None:
            return
        total = self.sums[entry.side]
        total[0] += 1
        total[1] += entry.amount_minor
        yield self.tally.add(_informed(entry, information) if information else entry)

    def _check_sum(self, side: Side, text: str) -> None:
        found = _SUM.fullmatch(text.strip())
        if found is None or [int(found[1]), self._minor(found[3])] != self.sums[side]:
            raise self.place.refusal(f"its own sum of {side} entries does not hold")

    def _minor(self, text: str) -> int:
        return reading.minor_units(text.replace(",", "."), self.currency, self.place)


def _mark(mark: str) -> tuple[Side, bool]:
    """``RC`` reverses a credit, so it is a debit; ``EC`` and ``ED`` are expected entries."""
    if mark in ("CR", "DR"):  # some banks' way to write C and D
        mark = mark[0]
    is_reversal = "R" in mark
    is_credit = mark.endswith("C") != is_reversal
    return (Side.CREDIT if is_credit else Side.DEBIT), is_reversal


def _informed(entry: Entry, information: str) -> Entry:
    flat = information.replace("\n", "")
    end_to_end, name = _END_TO_END.search(flat), _NAME.search(flat)
    told = end_to_end[1].strip() if end_to_end else ""
    return replace(
        entry,
        references=References(
            end_to_end=entry.references.end_to_end if told in _UNTOLD else told,
            bank=entry.references.bank,
        ),
        counterparty=Party(name[1].strip()) if name else Party(),
        text=" ".join((entry.text, information.replace("\n", " "))).strip(),
    )
