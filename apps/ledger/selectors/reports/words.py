"""What the reports say alike: whose books, which days, an account's first two cells."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date

from apps.ledger.selectors.reports.trees import Branch, Sums, total
from apps.platform.documents import Cell, Column, Line
from apps.platform.money import Money
from apps.platform.tenant import current_tenant

Amounts = Callable[[Sums], Sequence[Cell]]


def about(*facts: tuple[str, str]) -> list[tuple[str, str]]:
    """Whose books these are, then the facts that were asked for."""
    return [("Books of", current_tenant().name), *(fact for fact in facts if fact[1])]


def days(starts: date | None, ends: date | None) -> tuple[str, str]:
    """The days a report covers, in words."""
    if starts is None:
        return "Value dates", f"Until {_day(ends)}" if ends else "Everything posted so far"
    return "Value dates", f"{_day(starts)} to {_day(ends)}" if ends else f"From {_day(starts)}"


def _day(day: date) -> str:
    return f"{day.day} {day:%b %Y}"


def columns(periods: Sequence[str]) -> list[Column]:
    """An account, its name, and an amount for each day or period."""
    names = ["amount", "compared"]
    return [
        Column("account", "Account", "code", 2),
        Column("name", "Name", "text", 5),
        *(Column(names[at], period, "amount") for at, period in enumerate(periods)),
    ]


def amounts_in(currency: str, sign: int) -> Amounts:
    """Sums as money, positive on the side of ``sign``."""
    return lambda sums: [Money(sign * minor, currency) for minor in sums]


def class_lines(label: str, found: Sequence[Branch], amounts: Amounts, width: int) -> list[Line]:
    """A class with its sum, and what makes it up.

    One header above all of it would say the same twice, so the class stands in its place.
    """
    tops = [one for one in found if one.depth == 0]
    top = tops[0].position if len(tops) == 1 and tops[0].position.is_header else None
    rest = [one for one in found if top is None or one.position is not top]
    place = ("account", top.account) if top else ("", "")
    head = Line([label, "", *amounts(total(found, width))], place, weight="header")
    return [head, *(account_line(one, amounts(one.sums), depth=0 if top else 1) for one in rest)]


def account_line(one: Branch, figures: Sequence[Cell], depth: int = 0) -> Line:
    """The line of an account or a header: its code, its name, its figures."""
    position = one.position
    return Line(
        [position.account, position.name, *figures],
        about=("account", position.account),
        depth=one.depth + depth,
        weight="header" if position.is_header else "line",
    )
