"""A document as a workbook: a sheet for each section, amounts as numbers.

XlsxWriter, because it is plain Python without further packages, writes row by row in constant
memory, and does only what it is told: every text is written as a text, never parsed as a formula,
a link or a number.
"""

from __future__ import annotations

import io
import re
from dataclasses import dataclass
from typing import Any

import xlsxwriter

from apps.platform.currencies import exponent
from apps.platform.documents.document import Cell, Column, Document, Line, Section
from apps.platform.money import Money

#: A spreadsheet keeps 15 digits of a number. A longer amount is written as text, to the unit.
DIGITS_MAX = 15
SHEET_NAME_MAX = 31
TEXT_MAX = 32_767  # of a cell
WIDTHS = {"text": 34, "code": 22, "amount": 18, "date": 12, "count": 10}


@dataclass(slots=True)
class _Looks:
    """Formats are made once each: a workbook keeps every one it was given."""

    book: Any
    known: dict[tuple[tuple[str, Any], ...], Any]

    def look(self, **facts: Any) -> Any:
        key = tuple(sorted(facts.items()))
        if key not in self.known:
            self.known[key] = self.book.add_format(facts)
        return self.known[key]


def xlsx_file(document: Document) -> bytes:
    """The workbook's bytes."""
    out = io.BytesIO()
    options = {
        "constant_memory": True,
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
    }
    with xlsxwriter.Workbook(out, options) as book:
        book.set_properties({"title": document.title, "created": None})
        looks = _Looks(book, {})
        taken: set[str] = set()
        for section in document.sections:
            sheet = book.add_worksheet(_sheet_name(section.title, taken))
            _sheet(sheet, document, section, looks)
        if not book.worksheets():
            book.add_worksheet("Nothing")
    return out.getvalue()


def _sheet(sheet: Any, document: Document, section: Section, looks: _Looks) -> None:
    sheet.set_landscape()
    sheet.set_paper(9)  # A4
    sheet.fit_to_pages(1, 0)
    row = 0
    sheet.write_string(row, 0, document.title, looks.look(bold=True, font_size=14))
    for label, text in [("Section", section.title), *document.about]:
        row += 1
        sheet.write_string(row, 0, label, looks.look(font_color="#5b676e"))
        sheet.write_string(row, 1, text)
    row += 2
    for at, column in enumerate(document.columns):
        sheet.set_column(at, at, WIDTHS[column.kind])
        side = "right" if column.kind in ("amount", "count") else "left"
        look = looks.look(bold=True, bottom=1, align=side, bg_color="#f3f5f5")
        sheet.write_string(row, at, column.label, look)
    sheet.freeze_panes(row + 1, 0)
    sheet.repeat_rows(row)
    for line in section.lines:
        row += 1
        for at, (column, cell) in enumerate(zip(document.columns, line.cells, strict=True)):
            _write(sheet, (row, at), cell, _look_of(looks, column, line, at, cell))


def _look_of(looks: _Looks, column: Column, line: Line, at: int, cell: Cell) -> Any:
    facts: dict[str, Any] = {}
    if line.weight != "line":
        facts["bold"] = True
    if line.weight == "total":
        facts["top"] = 1
    if at == 0 and line.depth:
        facts["indent"] = line.depth
    if isinstance(cell, Money):
        decimals = exponent(cell.currency)
        facts["num_format"] = "#,##0" + (f".{'0' * decimals}" if decimals else "")
        facts["align"] = "right"
    elif column.kind == "date":
        facts["num_format"] = "yyyy-mm-dd"
    return looks.look(**facts)


def _write(sheet: Any, place: tuple[int, int], cell: Cell, look: Any) -> None:
    match cell:
        case None:
            sheet.write_blank(*place, None, look)
        case Money(minor=minor) if abs(minor) >= 10**DIGITS_MAX:
            sheet.write_string(*place, f"{cell.major:f}", look)
        case Money():
            sheet.write_number(*place, cell.major, look)
        case int():
            sheet.write_number(*place, cell, look)
        case str():
            sheet.write_string(*place, cell[:TEXT_MAX], look)
        case _:
            sheet.write_datetime(*place, cell, look)


def _sheet_name(title: str, taken: set[str]) -> str:
    """A name that a sheet may have and no other sheet of the book has."""
    base = re.sub(r"[\[\]:*?/\\']", " ", title).strip()[: SHEET_NAME_MAX - 5] or "Sheet"
    name, number = base, 1
    while name.lower() in taken:
        number += 1
        name = f"{base} {number}"
    taken.add(name.lower())
    return name
