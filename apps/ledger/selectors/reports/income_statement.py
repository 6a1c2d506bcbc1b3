"""The income statement: what was earned and what it cost, beside another period."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from apps.ledger.domain import AccountClass
from apps.ledger.selectors.reports.positions import Position, closings, positions
from apps.ledger.selectors.reports.questions import Question
from apps.ledger.selectors.reports.translation import in_functional
from apps.ledger.selectors.reports.trees import Sums, branches, total
from apps.ledger.selectors.reports.words import about, amounts_in, class_lines, columns, days
from apps.platform import clock
from apps.platform.documents import Document, Line, Section
from apps.platform.money import Money
from apps.platform.tenant import current_tenant

PARTS = ((AccountClass.INCOME, "Income"), (AccountClass.EXPENSE, "Expenses"))
Period = tuple[date | None, date | None]


def income_statement(question: Question) -> Document:
    """What income and expense accounts moved within the days, beside the period to compare with.

    ``without_closings`` leaves out what closing entries took to equity: the year as it was earned,
    also after it was closed. The result is income less expenses.
    """
    question.check()
    periods: list[Period] = [(question.starts, question.ends)]
    if question.compare_starts or question.compare_ends:
        periods.append((question.compare_starts, question.compare_ends))
    charts = [positions(*period) for period in periods]
    moved = _beside(charts, periods, question)
    sections = [
        Section(currency, currency, _statement(charts[0], figures, currency, len(periods)))
        for currency, figures in moved.items()
    ]
    today = clock.today(current_tenant().zone)
    combined = in_functional(moved, [ends or today for _, ends in periods])
    if combined is not None and not question.currency:
        functional = current_tenant().functional_currency
        lines = _statement(charts[0], combined, functional, len(periods))
        sections.append(Section(f"All in {functional}", functional, lines))
    closed = "left out" if question.without_closings else ""
    return Document(
        name="income-statement",
        title="Income statement",
        columns=columns([_words(period) for period in periods]),
        sections=sections,
        about=about(days(*periods[0]), ("Closing entries", closed)),
    )


def _beside(
    charts: Sequence[Sequence[Position]], periods: Sequence[Period], question: Question
) -> dict[str, dict[str, Sums]]:
    """By currency and account, debits less credits within each of the periods."""
    found: dict[str, dict[str, list[int]]] = {}
    for at, (chart, period) in enumerate(zip(charts, periods, strict=True)):
        closed = closings(*period) if question.without_closings else {}
        for one in chart:
            if one.account_class not in (AccountClass.INCOME, AccountClass.EXPENSE):
                continue
            debits, credits = closed.get(one.account, (0, 0))
            net = (one.debits_minor - debits) - (one.credits_minor - credits)
            if net and question.currency in ("", one.currency):
                accounts = found.setdefault(one.currency, {})
                accounts.setdefault(one.account, [0] * len(charts))[at] = net
    return {
        currency: {account: tuple(sums) for account, sums in found[currency].items()}
        for currency in sorted(found)
    }


def _statement(
    chart: Sequence[Position], figures: Mapping[str, Sums], currency: str, width: int
) -> list[Line]:
    lines: list[Line] = []
    result = (0,) * width
    for account_class, label in PARTS:
        sign = account_class.normal_side.sign
        found = branches(chart, figures, (account_class,))
        sums = total(found, width)
        result = tuple(a - b for a, b in zip(result, sums, strict=True))
        lines += class_lines(label, found, amounts_in(currency, sign), width)
    lines.append(Line(["Result", "", *(Money(net, currency) for net in result)], weight="total"))
    return lines


def _words(period: Period) -> str:
    starts, ends = period
    if starts is None and ends is None:
        return "So far"
    return f"{starts or '…'} to {ends or 'now'}"
