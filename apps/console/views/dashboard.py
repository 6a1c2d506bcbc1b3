"""The first page: cards that the apps registered."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

import structlog

from apps.console.cards import Alert, Card, Kpi
from apps.console.navigation import may_open
from apps.console.pages import Page
from apps.console.refusals import sentence
from apps.platform.errors import DomainError

COLUMNS = 12
SPANS = {"quarter": 3, "third": 4, "half": 6, "wide": 8, "full": 12}
logger = structlog.get_logger("house.console")


class Dashboard(Page):
    """What waits, what moved, what broke."""

    title: ClassVar[str] = "Home"
    template_name: ClassVar[str] = "console/dashboard.html"

    def context(self) -> dict[str, Any]:
        """The cards this person may see: what broke, the figures, then the rest, in their order."""
        cards = self._cards()
        return {
            "alerts": [card for card in cards if isinstance(card, Alert)],
            "figures": [card for card in cards if isinstance(card, Kpi)],
            "cards": packed([card for card in cards if not isinstance(card, Alert | Kpi)]),
        }

    def _cards(self) -> list[Card]:
        built = []
        entries = sorted(self.site.registry.cards, key=lambda entry: entry.order)
        for entry in entries:
            if not may_open(self.request, entry.permission):
                continue
            try:
                card = entry.build(self.request)
            except DomainError as error:
                logger.warning("card.refused", code=error.code)
                card = Kpi(title="A card could not be read", value="–", note=sentence(error))
            if card is not None:
                built.append(card)
        return built


def packed(cards: Sequence[Card]) -> list[tuple[Card, int]]:
    """Each card with its columns of twelve, in rows without an empty end.

    A card that no longer fits begins a new row, and the last of the row before takes what is left.
    """
    result: list[tuple[Card, int]] = []
    left = COLUMNS
    for card in cards:
        span = SPANS[card.width]
        if span > left:
            _widen(result, left)
            left = COLUMNS
        result.append((card, span))
        left = (left - span) or COLUMNS
    if left < COLUMNS:
        _widen(result, left)
    return result


def _widen(cards: list[tuple[Card, int]], by: int) -> None:
    card, span = cards[-1]
    cards[-1] = (card, span + by)
