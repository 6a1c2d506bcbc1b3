"""The trial balance: what every account held, moved and holds, and that both sides agree."""

from __future__ import annotations

from apps.ledger.selectors.reports.positions import Position, by_currency, positions
from apps.ledger.selectors.reports.questions import Question
from apps.ledger.selectors.reports.trees import Branch, branches
from apps.ledger.selectors.reports.words import about, account_line, days
from apps.platform.documents import Column, Document, Line, Section
from apps.platform.money import Money

COLUMNS = (
    Column("account", "Account", "code", 3),
    Column("name", "Name", "text", 5),
    Column("opening_debit", "Opening debit", "amount"),
    Column("opening_credit", "Opening credit", "amount"),
    Column("debits", "Debits", "amount"),
    Column("credits", "Credits", "amount"),
    Column("closing_debit", "Closing debit", "amount"),
    Column("closing_credit", "Closing credit", "amount"),
)


def trial_balance_report(question: Question) -> Document:
    """By currency, headers with the sums below them, a total that both sides must share."""
    question.check()
    chart = positions(question.starts, question.ends)
    sections, uneven = [], []
    for currency, rows in by_currency(chart, question.currency).items():
        found = branches(chart, {one.account: _figures(one) for one in rows})
        last = _total(found, currency)
        if last.cells[2] != last.cells[3] or last.cells[6] != last.cells[7]:
            uneven.append(currency)
        lines = [*(_line(one, currency) for one in found), last]
        sections.append(Section(currency, currency, lines))
    wrong = f"Debits and credits differ in {', '.join(uneven)}."
    return Document(
        name="trial-balance",
        title="Trial balance",
        columns=COLUMNS,
        sections=sections,
        about=about(days(question.starts, question.ends)),
        checks=[(not uneven, wrong if uneven else "Debits equal credits in every currency.")],
    )


def _figures(one: Position) -> tuple[int, ...]:
    return one.opening_minor, one.debits_minor, one.credits_minor, one.closing_minor


def _sides(net: int) -> tuple[int, int]:
    """A net amount on the side it is on."""
    return max(net, 0), max(-net, 0)


def _line(one: Branch, currency: str) -> Line:
    opening, debits, credits, closing = one.sums
    cells = (*_sides(opening), debits, credits, *_sides(closing))
    return account_line(one, [Money(minor, currency) if minor else None for minor in cells])


def _total(found: list[Branch], currency: str) -> Line:
    sums = [0] * 6
    for one in found:
        if not one.position.is_header:
            opening, debits, credits, closing = one.sums
            cells = (*_sides(opening), debits, credits, *_sides(closing))
            sums = list(map(int.__add__, sums, cells))
    return Line(["Total", "", *(Money(minor, currency) for minor in sums)], weight="total")
