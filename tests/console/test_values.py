"""How values look."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.console.charts import HEIGHT, WIDTH, day_chart
from apps.console.rendering import ago, kind, money_text, relative, short_money, shown, when
from apps.console.shell import luminance
from apps.console.values import Link, Note, Phone, Progress, Ref, Row, Status, Table
from apps.platform import clock
from apps.platform.money import MINOR_MAX, Money
from apps.tenancy.models import Tenant

NOW = datetime(2026, 11, 22, 18, 0, tzinfo=UTC)


@pytest.fixture
def at_six(mara: Tenant) -> Iterator[None]:
    """Six in the evening in Greenwich, nine in Nairobi."""
    with clock.reading(lambda: NOW):
        yield


@pytest.mark.parametrize(
    ("minor", "currency", "text"),
    [
        (105000, "KES", "KES\u00a01,050.00"),
        (-5, "KES", "KES\u00a0\u22120.05"),
        (1050, "JPY", "JPY\u00a01,050"),
        (1234567, "KWD", "KWD\u00a01,234.567"),
    ],
)
def test_money_has_the_decimals_of_its_currency(minor: int, currency: str, text: str) -> None:
    assert money_text(Money(minor, currency)) == text


@given(st.integers(0, MINOR_MAX))
def test_short_money_never_says_more_than_there_is_nor_much_less(minor: int) -> None:
    letters = {"K": 10**3, "M": 10**6, "B": 10**9, "T": 10**12}
    text = short_money(Money(minor, "KES")).split("\u00a0")[1].replace(",", "")
    said = float(text[:-1]) * letters[text[-1]] if text[-1] in letters else float(text)
    assert said <= minor / 100 * (1 + 1e-9)
    assert said >= minor / 100 * 0.9 - 1


def test_a_time_is_the_tenants_with_utc_on_hover(at_six: None) -> None:
    html = when(NOW)
    assert "22 Nov 2026, 21:00" in html
    assert 'title="2026-11-22 18:00:00 UTC"' in html


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (20, "just now"),
        (180, "3 min ago"),
        (7200, "2 h ago"),
        (86400, "1 day ago"),
        (-300, "in 5 min"),
    ],
)
def test_a_distance_in_words(at_six: None, seconds: int, words: str) -> None:
    assert relative(NOW - timedelta(seconds=seconds)) == words


def test_the_exact_moment_stands_beside_the_distance(at_six: None) -> None:
    assert "3 min ago · 20:57" in ago(NOW - timedelta(minutes=3))


@pytest.mark.parametrize(
    ("number", "masked"), [("254712345678", "2547•••••678"), ("12345", "•••••"), ("", "")]
)
def test_a_telephone_number_is_never_shown_whole(number: str, masked: str) -> None:
    assert Phone(number).masked == masked


@given(st.text(max_size=30))
def test_whatever_a_text_holds_it_stays_text(text: str) -> None:
    for value in (
        text,
        Ref(text),
        Ref(text, "/x"),
        Link(text, text),
        Status(text),
        Note(text, text),
    ):
        html = str(shown(value))
        inner = html.replace(str(shown(None)), "")
        assert "<script" not in inner
        assert inner.count("<") == inner.count(">")


def test_status_words_have_one_colour_and_unknown_ones_are_calm() -> None:
    assert Status("captured").feels == "good"
    assert Status("partly_failed").feels == "bad"
    assert Status("unknown").feels == "warn"
    assert Status("never_heard_of").feels == "calm"
    assert Status("partly_failed").text == "Partly failed"


def test_numbers_and_money_stand_on_the_right() -> None:
    assert kind(Money(1, "KES")) == kind(3) == kind(Note(Money(1, "KES"), "x")) == "ch-r"
    assert kind("3") == kind(True) == kind(None) == ""
    assert Table("", ["a"], []).numeric == [False]
    assert Table("", ["a", "Credit"], [Row([None, None])]).numeric == [False, True]


def test_work_is_whole_only_when_it_is_done() -> None:
    assert Progress(999, 1000).percent == 99
    assert Progress(1000, 1000).percent == 100
    assert Progress(5, 0).percent == 0


def test_letters_on_a_brand_colour_can_be_read() -> None:
    assert luminance("#000000") == 0
    assert luminance("#ffffff") == pytest.approx(1)
    assert luminance("not a colour") == 0


@given(st.lists(st.integers(0, 10**12), min_size=1, max_size=31))
def test_columns_of_a_chart_stay_inside_it(values: list[int]) -> None:
    days = [date(2026, 11, 1) + timedelta(days=at) for at in range(len(values))]
    chart = day_chart(days, {"in": values, "out": values[::-1]}, "KES")
    if not any(values):
        assert chart is None
        return
    assert chart is not None
    for column in chart.columns:
        assert column.x >= 0
        assert column.y >= 0
        assert column.x + column.width <= WIDTH
        assert column.y + column.height <= HEIGHT
