"""Small charts of columns and lines, drawn on the server: no script, crisp, in both themes.

Lengths are in the drawing's own units (see ``WIDTH`` and ``HEIGHT``); the page scales it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from apps.console.rendering import day_text, money_text, short_money
from apps.platform.currencies import exponent
from apps.platform.money import Money

WIDTH, HEIGHT = 720, 196
LEFT, RIGHT, TOP, BOTTOM = 56, 8, 10, 26
GRID_LINES = 4
LABELS_MAX = 7
NICE = (1, 2, 2.5, 5, 10)


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its rectangle, its series number from 0, and what it says on hover."""

    x: float
    y: float
    width: float
    height: float
    series: int
    title: str


@dataclass(frozen=True, slots=True)
class Tick:
    """A mark of an axis: where, and its text."""

    at: float
    text: str


@dataclass(frozen=True, slots=True)
class Chart:
    """Everything the template draws."""

    columns: Sequence[Column]
    rows: Sequence[Tick]
    days: Sequence[Tick]
    names: Sequence[str]
    width: int = WIDTH
    height: int = HEIGHT
    left: int = LEFT
    right_edge: int = WIDTH - RIGHT
    base: int = HEIGHT - BOTTOM


@dataclass(frozen=True, slots=True)
class LineChart:
    """A line in steps: an amount stays what it is until the day it changes."""

    points: str
    area: str
    zero: float
    rows: Sequence[Tick]
    days: Sequence[Tick]
    title: str
    width: int = WIDTH
    height: int = HEIGHT
    left: int = LEFT
    right_edge: int = WIDTH - RIGHT


def line_chart(days: Sequence[date], values: Sequence[int], currency: str) -> LineChart | None:
    """Lay out minor units at the end of each day; nothing when all are zero."""
    if not any(values):
        return None
    step = _nice_step(max(*values, 0) - min(*values, 0), 10 ** exponent(currency))
    low, high = min(*values, 0) // step * step, -(-max(*values, 0) // step) * step
    room, slot = HEIGHT - TOP - BOTTOM, (WIDTH - LEFT - RIGHT) / len(days)

    def height(minor: int) -> float:
        return round(TOP + room * (high - minor) / (high - low), 1)

    corners = [
        f"{round(LEFT + slot * (at + end), 1):g},{height(value):g}"
        for at, value in enumerate(values)
        for end in (0, 1)
    ]
    zero = height(0)
    every = -(-len(days) // LABELS_MAX)
    return LineChart(
        points=" ".join(corners),
        area=" ".join([f"{LEFT},{zero:g}", *corners, f"{WIDTH - RIGHT},{zero:g}"]),
        zero=zero,
        rows=[
            Tick(height(minor), short_money(Money(minor, currency)).split("\u00a0")[1])
            for minor in range(low, high + 1, step)
        ],
        days=[
            Tick(min(round(LEFT + slot * (at + 0.5), 1), WIDTH - 24), f"{day.day} {day:%b}")
            for at, day in enumerate(days)
            if (len(days) - 1 - at) % every == 0
        ],
        title=f"{day_text(days[-1])}: {money_text(Money(values[-1], currency))}",
    )


def day_chart(
    days: Sequence[date], series: dict[str, Sequence[int]], currency: str
) -> Chart | None:
    """Lay out columns of minor units per day; nothing when all are zero."""
    largest = max((value for values in series.values() for value in values), default=0)
    if largest <= 0:
        return None
    top = _nice_top(largest, 10 ** exponent(currency))
    slot = (WIDTH - LEFT - RIGHT) / len(days)
    room = HEIGHT - TOP - BOTTOM
    each = min(slot * 0.72 / len(series), 22)
    columns = [
        Column(
            x=round(LEFT + slot * (at + 0.5) + each * (number - len(series) / 2), 1),
            y=round(TOP + room * (1 - value / top), 1),
            width=round(max(each - 1.5, 1), 1),
            height=round(room * value / top, 1),
            series=number,
            title=f"{day_text(days[at])}: {name} {money_text(Money(value, currency))}",
        )
        for number, (name, values) in enumerate(series.items())
        for at, value in enumerate(values)
        if value > 0
    ]
    every = -(-len(days) // LABELS_MAX)
    return Chart(
        columns=columns,
        rows=_rows(top, room, currency),
        days=[
            Tick(round(LEFT + slot * (at + 0.5), 1), f"{day.day} {day:%b}")
            for at, day in enumerate(days)
            if (len(days) - 1 - at) % every == 0
        ],
        names=list(series),
    )


def _rows(top: int, room: int, currency: str) -> list[Tick]:
    return [
        Tick(
            round(TOP + room * (1 - step / GRID_LINES), 1),
            short_money(Money(top * step // GRID_LINES, currency)).split("\u00a0")[1],
        )
        for step in range(GRID_LINES + 1)
    ]


def _nice_top(largest: int, unit: int) -> int:
    """The next round number above ``largest`` that splits into even grid lines."""
    return _nice_step(largest, unit) * GRID_LINES


def _nice_step(span: int, unit: int) -> int:
    """A round number, four of which reach across ``span``."""
    step = max(-(-span // GRID_LINES), unit)
    size = 10 ** (len(str(step)) - 1)
    nice = next(factor for factor in NICE if factor * size >= step)
    return int(nice * size)
