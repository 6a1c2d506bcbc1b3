"""What a heap of provider facts amounts to, in whatever order they came.

Facts about one thing (a *facet*: this capture, that payout) compete: the higher rank wins, then the
later provider time, then the dedupe text, which makes the order total. So the result does not
depend on the order of arrival, and a late success beats a failure while a stale failure changes
nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum

from apps.payments.domain.states import CHARGES, TAKES, IntentStatus, Operation

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
#: What facets of money that came unasked begin with.
PAY_IN = "pay_in"
#: What facets of money that a dispute took, or gave back, begin with.
WITHDRAWN, REINSTATED, FEE = "withdrawn", "reinstated", "dispute_fee"
_OPEN = (
    (IntentStatus.UNKNOWN, {EventKind.UNKNOWN}),
    (IntentStatus.REQUIRES_ACTION, {EventKind.ACTION_REQUIRED}),
    (IntentStatus.PROCESSING, {EventKind.REQUESTED, EventKind.PENDING, EventKind.APPROVED}),
)


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
    """What an intent's events amount to; amounts in minor units.

    ``disputed_minor`` is what disputes have taken and not given back.
    """

    status: IntentStatus
    authorised_minor: int
    captured_minor: int
    refunded_minor: int
    disputed_minor: int


def winners(facts: Iterable[Fact]) -> dict[str, Fact]:
    """The fact that holds, per facet."""
    best: dict[str, Fact] = {}
    for fact in facts:
        held = best.get(fact.facet)
        if held is None or fact.weight > held.weight:
            best[fact.facet] = fact
    return best


def moved(facts: Iterable[Fact], *about: str) -> int:
    """Minor units that facts about these things (the words before the colon) say have moved."""
    return sum(
        fact.amount_minor
        for facet, fact in winners(facts).items()
        if fact.kind == EventKind.SUCCEEDED and facet.partition(":")[0] in about
    )


def captured(facts: Iterable[Fact]) -> int:
    """Minor units that have arrived."""
    return moved(facts, *TAKES, PAY_IN)


def projection(asked_minor: int, facts: Iterable[Fact]) -> Projection:
    """Status and amounts of an intent."""
    best = winners(facts)
    held = list(best.values())
    sums = Projection(
        status=IntentStatus.REQUIRES_METHOD,
        authorised_minor=moved(held, Operation.AUTHORISE),
        captured_minor=captured(held),
        refunded_minor=moved(held, Operation.REFUND),
        disputed_minor=moved(held, WITHDRAWN) - moved(held, REINSTATED),
    )
    if sums.captured_minor > 0:
        return replace(sums, status=_after_money(asked_minor, sums))
    if sums.authorised_minor > 0:
        is_void = moved(held, Operation.VOID) > 0
        status = IntentStatus.CANCELLED if is_void else IntentStatus.AUTHORISED
        return replace(sums, status=status)
    tries = (*CHARGES, PAY_IN)
    kinds = {fact.kind for facet, fact in best.items() if facet.partition(":")[0] in tries}
    return replace(sums, status=_before_money(kinds, best.get(INTENT_FACET)))


def _after_money(asked_minor: int, sums: Projection) -> IntentStatus:
    if sums.refunded_minor >= sums.captured_minor:
        return IntentStatus.REFUNDED
    if sums.refunded_minor > 0:
        return IntentStatus.PARTIALLY_REFUNDED
    is_full = sums.captured_minor >= asked_minor
    return IntentStatus.SUCCEEDED if is_full else IntentStatus.PARTIALLY_CAPTURED


def _before_money(kinds: set[EventKind], own: Fact | None) -> IntentStatus:
    for status, signs in _OPEN:
        if kinds & signs:
            return status
    if own is not None:
        return IntentStatus.EXPIRED if own.kind == EventKind.EXPIRED else IntentStatus.CANCELLED
    return IntentStatus.FAILED if kinds else IntentStatus.REQUIRES_METHOD
