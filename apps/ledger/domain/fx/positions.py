"""What a currency has cost us: weighted average cost, in whole minor units.

Works in either direction: a short position carries what its sale brought in, as a negative cost.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from apps.platform.money import Money


@dataclass(frozen=True, slots=True)
class Holding:
    """How much of a currency is held (negative: owed) and what it cost, in functional currency."""

    quantity: Money
    carried: Money

    @classmethod
    def none(cls, currency: str, functional: str) -> Self:
        """Nothing held, nothing paid."""
        return cls(Money.zero(currency), Money.zero(functional))

    def moved(self, quantity: Money, value: Money) -> tuple[Holding, Money]:
        """After acquiring ``quantity`` for ``value`` (both negative: disposing of it), the holding
        and the result that this realised.

        What shrinks the holding releases its cost in proportion; the rest of the division stays
        with the larger remainder, and whoever disposes of the last unit takes the last cent. So
        carried cost after = before + value + realised, always.
        """
        held, change = self.quantity.minor, quantity.minor
        if held * change >= 0:
            return Holding(self.quantity + quantity, self.carried + value), _nothing(value)
        closed = min(abs(held), abs(change))
        released = self.carried.split([closed, abs(held) - closed])[0]
        settled, opened = value.split([closed, abs(change) - closed])
        realised = -(settled + released)
        return Holding(self.quantity + quantity, self.carried - released + opened), realised


def _nothing(value: Money) -> Money:
    return Money.zero(value.currency)
