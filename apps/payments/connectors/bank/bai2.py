"""BAI2 (Cash Management Balance Reporting, version 2): previous-day and intraday reports.

Every level of the file closes with a control total and a record count; both must hold, so a file
cut off or changed is refused. Amounts have the currency's decimals without a mark.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import date
from typing import BinaryIO

from apps.payments.connectors.bank import reading
from apps.payments.connectors.bank.reading import DEFAULT, Limits, Place
from apps.payments.domain.bank_statements import Entry, Header, Part, References, Side, Tally

CONTINUED_MAX = 1_000  # continuation records of one record
OPENING, CLOSING = "010", "015"
_NUMBER = re.compile(r"[+-]?[0-9]{1,19}")
_EXTRA_FIELDS = {"V": 2, "S": 3}  # after the funds type; D tells its own number
_CODES = re.compile(r"[1-9][0-9]{2}")


@dataclass(slots=True)
class _Record:
    kind: str
    fields: list[str]
    text_from: str  # the record as it stands, for a text that may hold commas
    lines: int


def read(stream: BinaryIO, limits: Limits = DEFAULT) -> Iterator[Part]:
    """The parts of every account in the file; ``UnreadableFile`` and nothing else."""
    place = Place("bai2")
    reader = _File(place, limits)
    for record in _records(reading.lines(stream, place, limits, "latin-1"), place):
        yield from reader.take(record)
    if not reader.is_ended:
        raise place.refusal("no file trailer: the file is cut off")


def _records(lines: Iterator[str], place: Place) -> Iterator[_Record]:
    """Records with their continuations (88) joined."""
    current: _Record | None = None
    for line in lines:
        text = line.strip()
        if not text:
            continue
        kind, _, rest = text.partition(",")
        rest = rest.removesuffix("/")
        if kind != "88":
            if current is not None:
                yield _split(current)
            current = _Record(kind, [], rest, 1)
        elif current is None:
            raise place.refusal("a continuation of nothing")
        else:
            current.lines += 1
            if current.lines > CONTINUED_MAX:
                raise place.refusal(f"more than {CONTINUED_MAX} continuations")
            current.text_from += "," + rest
    if current is not None:
        yield _split(current)


def _split(record: _Record) -> _Record:
    record.fields = [part.strip() for part in record.text_from.split(",")]
    return record


class _File:
    """The three levels of the file, and their totals."""

    def __init__(self, place: Place, limits: Limits) -> None:
        self.is_ended = False
        self._place = place
        self._limits = limits
        self._records = [0, 0, 0]  # in the file, the group, the account
        self._sums = [0, 0]  # of groups, of accounts
        self._counts = [0, 0]  # of groups, of accounts
        self._entries = 0
        self._level = 0  # 0 outside, 1 in the file, 2 in a group, 3 in an account
        self._day: date | None = None
        self._currency = ""
        self._account: _Account | None = None

    def take(self, record: _Record) -> Iterator[Part]:
        steps = {
            "01": (0, self._begin_file),
            "02": (1, self._begin_group),
            "98": (2, self._end_group),
            "99": (1, self._end_file),
        }
        if record.kind in steps:
            level, step = steps[record.kind]
            self._at(level, record)
            step(record)
        elif record.kind == "03":
            self._at(2, record)
            self._begin_account(record)
        elif record.kind == "16":
            self._at(3, record)
            yield from self._transaction(record)
        elif record.kind == "49":
            self._at(3, record)
            yield from self._end_account(record)
        else:
            raise self._place.refusal(f"{record.kind[:10]!r} is no record of BAI2")

    def _at(self, level: int, record: _Record) -> None:
        if self._level != level or self.is_ended:
            raise self._place.refusal(f"a record {record.kind} does not belong here")
        self._records = [count + record.lines for count in self._records]

    def _begin_file(self, record: _Record) -> None:
        if _field(record, 7) not in ("2", ""):
            raise self._place.refusal("not version 2")
        self._level = 1
        self._records = [record.lines] * 3

    def _begin_group(self, record: _Record) -> None:
        self._level = 2
        self._records[1] = record.lines
        self._sums[1] = self._counts[1] = 0
        self._day = reading.day(_field(record, 3), "%y%m%d", self._place)
        self._currency = _field(record, 5) or "USD"

    def _begin_account(self, record: _Record) -> None:
        self._level = 3
        self._records[2] = record.lines
        currency = _field(record, 1) or self._currency
        reading.exponent(currency, self._place)
        account = _field(record, 0)
        if not account:
            raise self._place.refusal("no account number")
        self._account = _Account(account, currency)
        fields = record.fields[2:]
        while any(fields):
            fields = self._balance(fields, self._account)

    def _balance(self, fields: list[str], account: _Account) -> list[str]:
        kind, amount = fields[0], fields[1] if len(fields) > 1 else ""
        if amount:
            minor = self._number(amount)
            account.control += minor
            if kind == OPENING:
                account.tally.opening_minor = minor
            elif kind == CLOSING:
                account.tally.closing_minor = minor
        return self._after_funds(fields[3:])

    def _after_funds(self, fields: list[str]) -> list[str]:
        """What follows a funds type and the fields that belong to it."""
        kind = fields[0].upper() if fields else ""
        if kind == "D":
            pairs = fields[1] if len(fields) > 1 else ""
            if not (pairs.isascii() and pairs.isdigit() and len(pairs) < 5):  # noqa: PLR2004
                raise self._place.refusal("a distribution of funds without a number")
            return fields[2 + 2 * int(pairs) :]
        return fields[1 + _EXTRA_FIELDS.get(kind, 0) :]

    def _transaction(self, record: _Record) -> Iterator[Part]:
        account = self._open()
        yield from account.begin()
        code = _field(record, 0)
        if not _CODES.fullmatch(code):
            raise self._place.refusal(f"{code[:10]!r} is no type code")
        if not _field(record, 1):
            return  # information without money (890)
        minor = self._number(_field(record, 1))
        account.control += minor
        rest = self._after_funds(record.fields[2:])
        self._entries += 1
        if self._entries > self._limits.entries:
            raise self._place.refusal(f"more than {self._limits.entries} entries")
        entry = self._entry(account, code, minor, rest)
        if _field(record, 2).upper() == "V" and _field(record, 3):
            value = reading.day(_field(record, 3), "%y%m%d", self._place)
            entry = replace(entry, value_date=value)
        yield account.tally.add(entry)

    def _entry(self, account: _Account, code: str, minor: int, rest: list[str]) -> Entry:
        side = _side(code)
        if side is None or minor < 0:
            raise self._place.refusal(f"type code {code} with {minor} is neither credit nor debit")
        bank, ours, *text = (*rest, "", "")
        return Entry(
            number=account.tally.count + 1,
            amount_minor=minor,
            currency=account.currency,
            side=side,
            booking_date=self._day,
            value_date=self._day,
            references=References(bank=bank, end_to_end=ours),
            text=",".join(text).strip(", "),
            code=code,
        )

    def _end_account(self, record: _Record) -> Iterator[Part]:
        account = self._open()
        yield from account.begin()
        self._check(record, account.control, self._records[2], 1)
        self._sums[1] += account.control
        self._counts[1] += 1
        self._level, self._account = 2, None
        yield account.tally.footer()

    def _end_group(self, record: _Record) -> None:
        self._check_count(record, self._counts[1])
        self._check(record, self._sums[1], self._records[1], 2)
        self._sums[0] += self._sums[1]
        self._counts[0] += 1
        self._level = 1

    def _end_file(self, record: _Record) -> None:
        self._check_count(record, self._counts[0])
        self._check(record, self._sums[0], self._records[0], 2)
        self.is_ended = True

    def _check(self, record: _Record, control: int, records: int, at: int) -> None:
        told = self._number(_field(record, 0)), self._number(_field(record, at))
        if told != (control, records):
            raise self._place.refusal(
                f"record {record.kind} tells control total and records {told}, "
                f"there are {(control, records)}"
            )

    def _check_count(self, record: _Record, count: int) -> None:
        if self._number(_field(record, 1)) != count:
            raise self._place.refusal(f"record {record.kind} tells another number than {count}")

    def _number(self, text: str) -> int:
        if not _NUMBER.fullmatch(text):
            raise self._place.refusal(f"{text[:40]!r} is not a number")
        return reading.bounded(int(text), self._place)

    def _open(self) -> _Account:
        if self._account is None:
            raise self._place.refusal("no account is open")
        return self._account


@dataclass(slots=True)
class _Account:
    account: str
    currency: str
    control: int = 0
    tally: Tally = field(default_factory=Tally)
    is_begun: bool = False

    def begin(self) -> Iterator[Part]:
        if not self.is_begun:
            self.is_begun = True
            yield Header(
                format="bai2",
                account=self.account,
                currency=self.currency,
                opening_minor=self.tally.opening_minor,
                is_intraday=self.tally.closing_minor is None,
            )


def _field(record: _Record, index: int) -> str:
    return record.fields[index] if index < len(record.fields) else ""


def _side(code: str) -> Side | None:
    """The ranges of the standard: 101 to 399 credits, 401 to 699 debits; others are no movement."""
    number = int(code)
    if 101 <= number <= 399:  # noqa: PLR2004
        return Side.CREDIT
    return Side.DEBIT if 401 <= number <= 699 else None  # noqa: PLR2004
