"""What our books expect of a statement, and what differs."""

from __future__ import annotations

from dataclasses import dataclass

from apps.platform.money import Money
from apps.settlements.domain.statements import Direction
from apps.settlements.domain.states import BreakKind, LineKind


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpectedMovement:
    """A movement a statement will show. ``source`` names the one fact it comes from.

    ``expected_fee`` is by the provider's tariff; nothing when no tariff is known. Without a
    ``direction`` it is that of its kind.
    """

    provider_account: str
    kind: LineKind
    amount: Money
    provider_reference: str
    source: str
    expected_fee: Money | None = None
    direction: Direction | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """Something a person has to look at. ``dedupe_key`` makes it be opened once."""

    kind: BreakKind
    provider_account: str
    amount: Money
    explanation: str
    dedupe_key: str
