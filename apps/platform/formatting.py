"""Text for other programs: CSV that a spreadsheet cannot mistake for a formula.

A cell that begins with ``=``, ``+``, ``-``, ``@``, a tab or a line's end is run by spreadsheets
when the file is opened (CWE-1236), in full width too. Names and references come from strangers, so
such a text is given an apostrophe in front, which spreadsheets show as plain text. Numbers stay
numbers.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from decimal import Decimal

from apps.platform.money import Money

Cell = str | int | Decimal | Money | None
FORMULA_SIGNS = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")


def csv_text(rows: Iterable[Sequence[Cell]]) -> str:
    """Rows as RFC 4180 CSV. Money is written as its decimal amount; give its currency a column."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    for row in rows:
        writer.writerow([_cell(value) for value in row])
    return out.getvalue()


def _cell(value: Cell) -> str:
    if value is None:
        return ""
    if isinstance(value, Money):
        return format(value.major, "f")
    if isinstance(value, int | Decimal):
        return format(value, "f") if isinstance(value, Decimal) else str(value)
    text = value.replace("\0", "")
    return f"'{text}" if text.startswith(FORMULA_SIGNS) else text
