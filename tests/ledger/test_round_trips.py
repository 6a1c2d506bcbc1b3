"""Whatever a book or a report holds: what is exported and read again by others is the same.

The chart's own round trip is in ``test_charts``, that of a bundle in ``test_ledger_verify``.
"""

from __future__ import annotations

import csv
import io
import re
import zipfile
from collections import defaultdict
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from beancount import loader
from beancount.core.data import Balance, Open, Transaction
from defusedxml import ElementTree
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.ledger.domain import AccountClass
from apps.ledger.domain.exports import Beancount, Hledger, camt053_document
from apps.ledger.domain.exports.book import Book, BookAccount, BookEntry, BookLeg, HeldBalance
from apps.ledger.domain.exports.camt053 import CamtLine, CamtStatement
from apps.platform.documents import Column, Document, Line, Section, as_file
from apps.platform.formatting import FORMULA_SIGNS
from apps.platform.money import Money
from apps.settlements.connectors import PROFILES

EXPONENTS = {"KES": 2, "JPY": 0, "TND": 3, "PTS9": 9}
DAY = st.dates(date(2000, 1, 1), date(2099, 12, 30))
MINOR = st.integers(1, 2**59)  # many of them are still a balance
#: All that a person can type; what XML cannot write is in the test of camt.053 alone.
TEXT = st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]), max_size=40)
CODE = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,12}", fullmatch=True)


@st.composite
def books(draw: st.DrawFn) -> tuple[Book, list[BookEntry]]:
    """Accounts in several currencies, and entries of even legs between them."""
    codes = draw(st.lists(CODE, min_size=2, max_size=5, unique=True))
    classes, currencies = st.sampled_from(list(AccountClass)), st.sampled_from(sorted(EXPONENTS))
    chart = [
        BookAccount(code=c, name=draw(TEXT), account_class=draw(classes), currency=draw(currencies))
        for c in codes
    ]
    entries = []
    for number in range(1, draw(st.integers(0, 3)) + 1):
        legs = []
        for currency in {account.currency for account in chart}:
            accounts = st.sampled_from([one.code for one in chart if one.currency == currency])
            amounts = draw(st.lists(MINOR, max_size=2))
            legs += [BookLeg(draw(accounts), minor, currency) for minor in amounts]
            legs += [BookLeg(draw(accounts), -minor, currency) for minor in amounts]
        if legs:
            entries.append(
                BookEntry(
                    number=number, reference=f"je_{number}", value_date=draw(DAY),
                    posted_at=datetime(2026, 3, 2, tzinfo=UTC), kind="test.sale",
                    description=draw(TEXT), source_event=draw(CODE), reverses="", legs=legs,
                )
            )  # fmt: skip
    days = [one.value_date for one in entries] or [date(2026, 3, 2)]
    book = Book(
        title=draw(TEXT), functional_currency="KES", last=len(entries), known_until=UUID(int=0),
        starts=min(days), ends=max(days), accounts=chart, exponents=EXPONENTS,
    )  # fmt: skip
    return book, entries


def balances(book: Book, entries: list[BookEntry]) -> list[HeldBalance]:
    sums: dict[str, int] = defaultdict(int)
    for entry in entries:
        for leg in entry.legs:
            sums[leg.account] += leg.signed_minor
    return [HeldBalance(one.code, sums[one.code]) for one in book.accounts]


def written(writer: Any, book: Book, entries: list[BookEntry]) -> str:
    parts = [*writer.head(), *map(writer.entry, entries), *writer.tail(balances(book, entries))]
    return "".join(parts)


def minor(amount: Any, currency: str) -> int:
    return int(Decimal(amount).scaleb(EXPONENTS[currency]))


def plain(text: str) -> str:
    return " ".join(text.split())


@given(books())
@settings(max_examples=30, deadline=None)
def test_beancount_reads_the_book_that_was_written(made: tuple[Book, list[BookEntry]]) -> None:
    book, entries = made
    loaded: Any = loader.load_string(written(Beancount(book), book, entries))
    read, complaints, _ = loaded
    assert complaints == []
    opened = {one.account: one for one in read if isinstance(one, Open)}
    assert {
        (one.meta["code"], one.meta["name"], tuple(one.currencies)) for one in opened.values()
    } == {(one.code, plain(one.name), (one.currency,)) for one in book.accounts}
    codes = {name: one.meta["code"] for name, one in opened.items()}
    moves: Any = [one for one in read if isinstance(one, Transaction)]
    found = [
        (
            one.meta["id"], one.meta["seal"], one.date, one.narration, one.meta["source"],
            [
                (codes[leg.account], minor(leg.units.number, leg.units.currency))
                for leg in one.postings
            ],
        )
        for one in moves
    ]  # fmt: skip
    assert sorted(found) == [
        (
            one.reference, str(one.number), one.value_date, plain(one.description),
            one.source_event, [(leg.account, leg.signed_minor) for leg in one.legs],
        )
        for one in entries
    ]  # fmt: skip
    held: Any = [one for one in read if isinstance(one, Balance)]
    assert {
        (codes[one.account], minor(one.amount.number, one.amount.currency)) for one in held
    } == {(one.account, one.signed_minor) for one in balances(book, entries)}


@given(books())
@settings(max_examples=30, deadline=None)
def test_hledger_reads_the_book_that_was_written(made: tuple[Book, list[BookEntry]]) -> None:
    """By the rules of its manual for the part of its language that is written."""
    book, entries = made
    text = written(Hledger(book), book, entries)
    names = dict(re.findall(r"^account (\S+)  ; code:([^,\n]*),", text, re.MULTILINE))
    assert sorted(names.values()) == sorted(one.code for one in book.accounts)
    found, asserted = [], []
    for block in re.findall(r"^\d{4}-\d\d-\d\d \*.*(?:\n    .*)*", text, re.MULTILINE):
        first, *rest = block.split("\n")
        tags = dict(re.findall(r"^    ; ([a-z]+):([^,\n]*)$", block, re.MULTILINE))
        legs = [
            re.fullmatch(r'    (\S+)  (-?[\d.]+) ("?)([A-Z0-9]+)\3(?: = (-?[\d.]+) \S+)?', line)
            for line in rest
            if not line.startswith("    ;")
        ]
        read = [leg.groups() for leg in legs if leg is not None]
        assert len(read) == len(legs)
        if "id" in tags:
            moved = [(names[name], minor(said, unit)) for name, said, _, unit, _ in read]
            found.append((tags["id"], tags["seal"], first[:10], tags["source"], moved))
        else:
            asserted += [
                HeldBalance(names[name], minor(said, unit)) for name, _, _, unit, said in read
            ]
    assert found == [
        (
            one.reference, str(one.number), one.value_date.isoformat(), one.source_event,
            [(leg.account, leg.signed_minor) for leg in one.legs],
        )
        for one in entries
    ]  # fmt: skip
    assert asserted == balances(book, entries)


EFFECT = st.one_of(MINOR, MINOR.map(lambda amount: -amount))


@given(
    st.integers(-(2**60), 2**60),
    st.lists(st.tuples(EFFECT, DAY, st.text(max_size=200)), max_size=4),
    CODE,
    st.sampled_from(["KES", "JPY", "TND"]),
)
@settings(max_examples=40, deadline=None)
def test_settlements_reads_any_statement_of_ours(
    opening: int, moves: list[tuple[int, date, str]], code: str, currency: str
) -> None:
    lines = [
        CamtLine(
            reference=f"je_{number}", effect=Money(effect, currency), value_date=day, text=text,
            booked_at=datetime(2026, 3, 2, tzinfo=UTC) + timedelta(seconds=number),
        )
        for number, (effect, day, text) in enumerate(moves)
    ]  # fmt: skip
    closing = opening + sum(effect for effect, _, _ in moves)
    drawn = CamtStatement(
        account=code, name="x", starts=date(2026, 3, 2), ends=date(2026, 3, 8), lines=lines,
        opening=Money(opening, currency), closing=Money(closing, currency),
        made_at=datetime(2026, 3, 9, tzinfo=UTC),
    )  # fmt: skip
    read = PROFILES["camt.053"](camt053_document(drawn))
    read.check_proved()
    assert (read.account, read.currency) == (code, currency)
    assert (read.opening_minor, read.closing_minor) == (opening, closing)
    assert [(one.provider_reference, one.effect_minor, one.booked_at) for one in read.lines] == [
        (one.reference, one.effect.minor, one.booked_at) for one in lines
    ]


COLUMNS = [
    Column("account", "Account", "code"),
    Column("text", "Text"),
    Column("date", "Value date", "date"),
    Column("amount", "Amount", "amount"),
    Column("count", "Postings", "count"),
]
AMOUNT = st.integers(-(10**17), 10**17).map(lambda amount: Money(amount, "TND"))
CELLS = st.tuples(CODE, TEXT, st.none() | DAY, st.none() | AMOUNT, st.integers(0, 10**9))


@given(st.lists(st.lists(CELLS, max_size=4), min_size=1, max_size=2))
@settings(max_examples=30, deadline=None)
def test_a_statement_reads_the_same_as_csv_and_as_a_workbook(
    sections: list[list[tuple[Any, ...]]],
) -> None:
    document = Document(
        name="statement",
        title="Statement",
        columns=COLUMNS,
        sections=[
            Section(f"Part {number}", "TND", [Line(cells) for cells in lines])
            for number, lines in enumerate(sections)
        ],
    )
    rows = list(csv.reader(io.StringIO(as_file(document, "csv").decode("utf-8-sig"))))
    assert rows[0][4:] == [column.name for column in COLUMNS]
    wanted = [[shown(cell) for cell in cells] for lines in sections for cells in lines]
    assert [[unguarded(text) for text in row[4:]] for row in rows[1:]] == wanted
    assert list(workbook_rows(as_file(document, "xlsx"))) == wanted


def shown(cell: Any) -> str:
    if cell is None:
        return ""
    return f"{cell.major:f}" if isinstance(cell, Money) else str(cell)


def unguarded(text: str) -> str:
    """Without the apostrophe that keeps a spreadsheet from running a text; figures have none."""
    return text[1:] if text[:1] == "'" and text[1:].startswith(FORMULA_SIGNS) else text


def workbook_rows(file: bytes) -> Any:
    """The lines below each sheet's head, as ``shown`` says them."""
    space = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
    book = zipfile.ZipFile(io.BytesIO(file))
    for name in sorted(one for one in book.namelist() if "sheets/sheet" in one):
        is_below = False
        for row in ElementTree.fromstring(book.read(name)).iter(f"{space}row"):
            cells = {cell.get("r", "")[0]: cell for cell in row}
            texts = ["".join(cells[at].itertext()) if at in cells else "" for at in "ABCDE"]
            if is_below:
                yield [
                    texts[0], texts[1],
                    texts[2] and str(date(1899, 12, 30) + timedelta(days=int(texts[2]))),
                    texts[3] and f"{Decimal(texts[3]):.3f}", texts[4],
                ]  # fmt: skip
            is_below = is_below or texts == [column.label for column in COLUMNS]
