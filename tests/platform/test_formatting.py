"""Exports are data, whatever a stranger called himself."""

from __future__ import annotations

import csv
import io
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.platform.formatting import csv_text
from apps.platform.money import Money

TRIGGERS = tuple("=+-@\t\r\n\uff1d\uff0b\uff0d\uff20")
cells = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=30)
hostile = st.builds(str.__add__, st.sampled_from(TRIGGERS), cells)


@given(st.lists(st.lists(cells | hostile, min_size=1, max_size=4), max_size=5))
def test_no_text_begins_a_formula_and_every_text_comes_back(rows: list[list[str]]) -> None:
    read = list(csv.reader(io.StringIO(csv_text(rows), newline="")))
    expected = [[f"'{t}" if t.startswith(TRIGGERS) else t for t in row] for row in rows]
    assert read == expected
    assert not any(cell.startswith(TRIGGERS) for row in read for cell in row)


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (-5, "-5"),
        (Decimal("-10.50"), "-10.50"),
        (Decimal("1E+3"), "1000"),
        (Money(-1050, "KES"), "-10.50"),
        (Money(5, "JPY"), "5"),
        (None, ""),
        ('say "hi", twice', '"say ""hi"", twice"'),
        ("=HYPERLINK(1)", "'=HYPERLINK(1)"),
        ("a\0b", "ab"),
        ("\0=1+1", "'=1+1"),
    ],
)
def test_numbers_stay_numbers(value: str | int | Decimal | Money | None, written: str) -> None:
    assert csv_text([[value, "x"]]) == f"{written},x\r\n"
