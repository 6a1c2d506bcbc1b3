"""The balance sheet: what the house owns, owes and is worth on a day."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from apps.ledger.domain import AccountClass
from apps.ledger.selectors.reports.positions import Position, by_currency, positions
from apps.ledger.selectors.reports.questions import Question
from apps.ledger.selectors.reports.translation import in_functional
from apps.ledger.selectors.reports.trees import Sums, branches, total
from apps.ledger.selectors.reports.words import about, amounts_in, class_lines, columns
from apps.platform import clock
from apps.platform.documents import Document, Line, Section
from apps.platform.money import Money
from apps.platform.tenant import current_tenant

PARTS = (
    (AccountClass.ASSET, "Assets"),
    (AccountClass.LIABILITY, "Liabilities"),
    (AccountClass.EQUITY, "Equity"),
)
RESULT = (AccountClass.INCOME, AccountClass.EXPENSE)


def balance_sheet(question: Question) -> Document:
    """At the end of a day (``ends``), beside another day (``compare_ends``) if one is given.

    What income and expense accounts have gathered since they were last closed is the result not
    yet closed: with it, assets equal liabilities and equity in every currency. Memo accounts count
    what is not owned and stay off the sheet.
    """
    question.check()
    dates = [question.ends, *([question.compare_ends] if question.compare_ends else [])]
    charts = [positions(None, day) for day in dates]
    held = _beside(charts, question.currency)
    sections, uneven = [], []
    for currency, figures in held.items():
        lines, difference = _sheet(charts[0], figures, currency, len(dates))
        uneven += [currency] if any(difference) else []
        sections.append(Section(currency, currency, lines))
    today = clock.today(current_tenant().zone)
    combined = in_functional(held, [day or today for day in dates])
    if combined is not None and not question.currency:
        functional = current_tenant().functional_currency
        lines, difference = _sheet(charts[0], combined, functional, len(dates))
        lines.append(_sum_line("Difference of translation", difference, functional))
        sections.append(Section(f"All in {functional}", functional, lines))
    wrong = f"Assets and their sources differ in {', '.join(uneven)}: memo accounts took part."
    names = [str(day) if day else "Now" for day in dates]
    return Document(
        name="balance-sheet",
        title="Balance sheet",
        columns=columns(names),
        sections=sections,
        about=about(("At the end of", names[0])),
        checks=[(not uneven, wrong if uneven else "Assets equal liabilities, equity and result.")],
    )


def _beside(charts: Sequence[Sequence[Position]], only: str) -> dict[str, dict[str, Sums]]:
    """By currency and account, the balance (debits less credits) on each of the days."""
    found: dict[str, dict[str, list[int]]] = {}
    for at, chart in enumerate(charts):
        for currency, rows in by_currency(chart, only).items():
            for one in rows:
                sums = found.setdefault(currency, {}).setdefault(one.account, [0] * len(charts))
                sums[at] = one.closing_minor
    return {
        currency: {account: tuple(sums) for account, sums in found[currency].items()}
        for currency in sorted(found)
    }


def _sheet(
    chart: Sequence[Position], figures: Mapping[str, Sums], currency: str, width: int
) -> tuple[list[Line], Sums]:
    """The lines, and by how much assets exceed what they come from."""
    lines: list[Line] = []
    totals: dict[AccountClass, Sums] = {}
    for account_class, label in PARTS:
        sign = account_class.normal_side.sign
        found = branches(chart, figures, (account_class,))
        totals[account_class] = tuple(sign * net for net in total(found, width))
        lines += class_lines(label, found, amounts_in(currency, sign), width)
    earned = tuple(-net for net in total(branches(chart, figures, RESULT), width))
    lines.append(_sum_line("Result not yet closed", earned, currency, "header"))
    owned, owed, own = (totals[account_class] for account_class, _ in PARTS)
    sources = tuple(map(sum, zip(owed, own, earned, strict=True)))
    lines.append(_sum_line("Assets", owned, currency))
    lines.append(_sum_line("Liabilities, equity and result", sources, currency))
    return lines, tuple(a - b for a, b in zip(owned, sources, strict=True))


def _sum_line(label: str, sums: Sums, currency: str, weight: str = "total") -> Line:
    amounts = [Money(minor, currency) for minor in sums]
    return Line([label, "", *amounts], weight="header" if weight == "header" else "total")
