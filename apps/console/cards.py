"""Cards of the dashboard."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import ClassVar, Literal

from apps.console.charts import Chart, LineChart, day_chart, line_chart
from apps.console.values import Link, Progress, Table, Tone, Value
from apps.platform.money import Money

Width = Literal["quarter", "third", "half", "wide", "full"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """What every card has. ``width`` is of a row of twelve: 3, 4, 6, 8 or 12 columns."""

    template: ClassVar[str] = ""

    title: str
    icon: str = ""
    url: str = ""
    width: Width = "half"


@dataclass(frozen=True, slots=True, kw_only=True)
class Kpi(Card):
    """One figure. Money is shown short, whole on hover. ``trend`` is in percent."""

    template: ClassVar[str] = "console/cards/kpi.html"

    value: Value
    note: Value = ""
    trend: int | None = None
    trend_note: str = ""
    #: Whether more is better; decides the colour of the trend.
    is_growth_good: bool = True
    tone: Tone | None = None
    progress: Progress | None = None
    width: Width = "quarter"


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert(Card):
    """Something that broke or is late, in one line above everything else.

    When all is well its builder answers nothing.
    """

    template: ClassVar[str] = "console/cards/alert.html"

    note: str = ""
    tone: Tone = "warn"
    icon: str = "warning"


@dataclass(frozen=True, slots=True, kw_only=True)
class ListCard(Card):
    """The first rows of some list."""

    template: ClassVar[str] = "console/cards/list.html"

    table: Table
    more: Link | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """A labelled bar: ``part`` of ``whole`` filled."""

    label: str
    value: Value
    part: int
    whole: int
    note: str = ""
    tone: Tone = "good"
    url: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class BarsCard(Card):
    """Bars under each other, such as float against today's payouts."""

    template: ClassVar[str] = "console/cards/bars.html"

    bars: Sequence[Bar] = field(default_factory=tuple)
    empty: str = "Nothing to compare yet."


@dataclass(frozen=True, slots=True, kw_only=True)
class DaysCard(Card):
    """Amounts per day as small columns, up to three series in one currency."""

    template: ClassVar[str] = "console/cards/days.html"

    days: Sequence[date]
    series: dict[str, Sequence[int]]  # name → minor units per day
    currency: str
    empty: str = "No money has moved in these days."
    width: Width = "wide"

    @property
    def chart(self) -> Chart | None:
        """The drawing, or nothing when every day is zero."""
        return day_chart(self.days, self.series, self.currency)

    @property
    def rows(self) -> list[tuple[date, list[Money]]]:
        """The same figures for whoever does not see the drawing."""
        return [
            (day, [Money(values[index], self.currency) for values in self.series.values()])
            for index, day in enumerate(self.days)
        ]


@dataclass(frozen=True, slots=True, kw_only=True)
class LineCard(Card):
    """One amount at the end of each day, as a line that may go below zero."""

    template: ClassVar[str] = "console/cards/line.html"

    days: Sequence[date]
    values: Sequence[int]  # minor units at the end of each day
    currency: str
    width: Width = "full"

    @property
    def chart(self) -> LineChart | None:
        """The drawing, or nothing when the amount was zero throughout."""
        return line_chart(self.days, self.values, self.currency)

    @property
    def rows(self) -> list[tuple[date, Money]]:
        """The days on which it changed, the newest first, for whoever does not see the drawing."""
        pairs = list(zip(self.days, self.values, strict=True))
        changed = [pair for at, pair in enumerate(pairs) if at == 0 or pair[1] != pairs[at - 1][1]]
        return [(day, Money(value, self.currency)) for day, value in reversed(changed)]
