"""What a heap of provider facts amounts to, in whatever order they came.

Facts about one thing (a *facet*: this capture, that payout) compete: the higher rank wins, then the
later provider time, then the dedupe text, which makes the order total. So the result does not
depend on the order of arrival, and a late success beats a failure while a stale failure changes
nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from apps.payments.domain.states import IntentStatus

_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)


class EventKind(StrEnum):
    """What an event says about its facet."""

    REQUESTED = "requested"
    ACTION_REQUIRED = "action_required"
    APPROVED = "approved"
    PENDING = "pending"
    UNKNOWN = "unknown"
    FAILED = "failed"
    SUCCEEDED = "succeeded"
    EXPIRED = "expired"
    CANCELLED = "cancelled"
    REVERSED = "reversed"


RANKS = {
    EventKind.REQUESTED: 0,
    EventKind.ACTION_REQUIRED: 4,
    EventKind.APPROVED: 7,
    EventKind.PENDING: 10,
    EventKind.UNKNOWN: 15,
    EventKind.FAILED: 20,
    EventKind.EXPIRED: 20,
    EventKind.CANCELLED: 20,
    EventKind.SUCCEEDED: 30,
    EventKind.REVERSED: 40,
}

#: The facet of decisions about the intent itself.
INTENT_FACET = "intent"


@dataclass(frozen=True, slots=True)
class Fact:
    """One event, as far as merging needs it. ``amount_minor`` is what the provider says moved."""

    facet: str
    kind: EventKind
    amount_minor: int
    provider_time: datetime | None
    dedupe: str

    @property
    def weight(self) -> tuple[int, datetime, str]:
        """The order in which facts of one facet win."""
        return RANKS[self.kind], self.provider_time or _LONG_AGO, self.dedupe


@dataclass(frozen=True, slots=True)
class Projection:
    """What an intent's events amount to."""

    status: IntentStatus
    captured_minor: int


def winners(facts: Iterable[Fact]) -> dict[str, Fact]:
    """The fact that holds, per facet."""
    best: dict[str, Fact] = {}
    for fact in facts:
        held = best.get(fact.facet)
        if held is None or fact.weight > held.weight:
            best[fact.facet] = fact
    return best


def captured(facts: Iterable[Fact]) -> int:
    """Minor units that have arrived, over all facets."""
    return sum(f.amount_minor for f in winners(facts).values() if f.kind == EventKind.SUCCEEDED)


def projection(asked_minor: int, facts: Iterable[Fact]) -> Projection:
    """Status and amount of an intent."""
    best = winners(facts)
    own = best.pop(INTENT_FACET, None)
    money = captured(best.values())
    kinds = {fact.kind for fact in best.values()}
    return Projection(_status(asked_minor, money, kinds, own), money)


def _status(
    asked_minor: int, captured_minor: int, kinds: set[EventKind], own: Fact | None
) -> IntentStatus:
    if captured_minor > 0:
        is_full = captured_minor >= asked_minor
        return IntentStatus.SUCCEEDED if is_full else IntentStatus.PARTIALLY_CAPTURED
    if EventKind.UNKNOWN in kinds:
        return IntentStatus.UNKNOWN
    if kinds & {EventKind.REQUESTED, EventKind.PENDING}:
        return IntentStatus.PROCESSING
    if own is not None:
        return IntentStatus.EXPIRED if own.kind == EventKind.EXPIRED else IntentStatus.CANCELLED
    return IntentStatus.FAILED if kinds else IntentStatus.REQUIRES_METHOD
