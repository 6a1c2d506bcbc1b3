"""The first page: cards that the apps registered."""

from __future__ import annotations

from typing import Any, ClassVar

import structlog

from apps.console.cards import Card, Kpi
from apps.console.navigation import may_open
from apps.console.pages import Page
from apps.console.refusals import sentence
from apps.platform.errors import DomainError

logger = structlog.get_logger("house.console")


class Dashboard(Page):
    """What waits, what moved, what broke."""

    title: ClassVar[str] = "Home"
    template_name: ClassVar[str] = "console/dashboard.html"

    def context(self) -> dict[str, Any]:
        """The cards this person may see: figures first, then the rest, in their order."""
        cards = self._cards()
        return {
            "figures": [card for card in cards if isinstance(card, Kpi)],
            "cards": [card for card in cards if not isinstance(card, Kpi)],
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
