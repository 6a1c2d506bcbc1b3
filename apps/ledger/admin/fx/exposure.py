"""What the house is exposed to: its positions, their cost and their worth."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from django.urls import reverse

from apps.console.pages import ReportPage
from apps.console.registry import register_page, register_view
from apps.console.values import Fact, Row, Status, Table
from apps.ledger.admin.fx.rates import VIEW
from apps.ledger.admin.fx.words import short_rate
from apps.ledger.selectors.fx import Exposure, exposures
from apps.platform.money import Money
from apps.platform.tenant import current_tenant


class ExposurePage(ReportPage):
    """Every position at the present rate. A negative quantity is owed."""

    permission: ClassVar[str] = VIEW
    title: ClassVar[str] = "Currency exposure"
    nav: ClassVar[str] = "console:ledger_fx_exposure"
    intro: ClassVar[str] = (
        "What the house holds of each currency through conversions, at average cost, and what it "
        "is worth at the rate of this moment. A negative amount is owed."
    )

    def headline(self, parameters: dict[str, Any]) -> Sequence[Fact]:
        """All positions together."""
        rows = exposures()
        unpriced = [row.quantity.currency for row in rows if row.worth is None]
        facts = [
            Fact("Cost", _sum([row.carried for row in rows])),
            Fact("Realised so far", _sum([row.realised for row in rows])),
        ]
        if unpriced:
            return [*facts, Fact("Unrealised", Status("bad", f"No rate for {', '.join(unpriced)}"))]
        unrealised = [row.unrealised for row in rows if row.unrealised is not None]
        return [*facts, Fact("Unrealised", _sum(unrealised))]

    def tables(self, parameters: dict[str, Any]) -> Sequence[Table]:
        """One row for each currency."""
        return [
            Table(
                "Positions",
                ["Currency", "Held", "Cost", "Rate", "Worth now", "Unrealised", "Realised so far"],
                [_row(row) for row in exposures()],
                empty="Nothing has been converted yet.",
            )
        ]


def _row(row: Exposure) -> Row:
    code = f"fx.position.{row.quantity.currency}"
    return Row(
        [
            row.quantity.currency,
            row.quantity,
            row.carried,
            None if row.rate is None else short_rate(row.rate),
            row.worth,
            row.unrealised,
            row.realised,
        ],
        url=reverse("console:ledger_account", args=[code]),
        tone="warn" if row.worth is None else None,
    )


def _sum(amounts: Sequence[Money]) -> Money:
    return sum(amounts, Money.zero(current_tenant().functional_currency))


register_view("ledger/fx/exposure", ExposurePage, name="ledger_fx_exposure")
register_page(
    "Ledger", "Currency exposure", "monitoring", "console:ledger_fx_exposure", VIEW, order=43
)
