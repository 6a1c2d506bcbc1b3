"""The capability and limit matrix, as the connectors' code says it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from apps.console.pages import ReportPage
from apps.console.registry import register_page, register_view
from apps.console.values import Note, Ref, Row, Table, Value
from apps.payments.selectors.capabilities import (
    Limit,
    Offer,
    account_offers,
    connector_offers,
    connector_promises,
    limit_in_words,
)

PERMISSION = "payments.view"
#: Currencies of one limit that are named; the rest are counted.
NAMED_MAX = 4


class CapabilitiesPage(ReportPage):
    """What our accounts do, and what their connectors could."""

    permission = PERMISSION
    title = "Capabilities"
    nav = "payments_capabilities"
    intro = (
        "Read from the connectors' code, with each account's configuration. What is not here is "
        "refused before anything is sent."
    )

    def tables(self, parameters: dict[str, Any]) -> Sequence[Table]:
        """Accounts first: they are what payments meet."""
        columns = ["Operation", "With", "Amounts", "In parts", "A request that was lost"]
        return [
            Table(
                "Provider accounts",
                ["Account", *columns],
                [Row([Note(Ref(one.account), one.connector), *_cells(one)])
                 for one in account_offers()],
                empty="No provider account is open.",
            ),
            Table(
                "Connectors, at most",
                ["Connector", *columns],
                [Row([one.connector, *_cells(one)]) for one in connector_offers()],
            ),
            Table(
                "Besides operations",
                ["Connector", "Promises"],
                [Row([one.connector, ", ".join(one.promises)]) for one in connector_promises()],
            ),
        ]  # fmt: skip


def _cells(one: Offer) -> list[Value]:
    return [
        one.operation.value.capitalize(),
        ", ".join(one.parties).replace("_", " "),
        "; ".join(_limit(limit) for limit in one.limits[:2]),
        one.parts,
        one.key,
    ]


def _limit(limit: Limit) -> str:
    names = ", ".join(limit.currencies[:NAMED_MAX])
    more = len(limit.currencies) - NAMED_MAX
    who = f"{names} and {more} more" if more > 0 else names
    return f"{who} {limit_in_words(limit)}".strip()


register_view("payments/capabilities", CapabilitiesPage, name="payments_capabilities")
register_page(
    "Money in", "Capabilities", "checklist", "console:payments_capabilities", PERMISSION, order=44
)
