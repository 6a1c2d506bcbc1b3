"""Facts amount to the same in whatever order they come."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from apps.payments.domain.merging import INTENT_FACET, EventKind, Fact, captured, projection
from apps.payments.domain.states import IntentStatus

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
_times = st.none() | st.integers(0, 3).map(lambda hours: NOON + timedelta(hours=hours))


@st.composite
def _facts(draw: st.DrawFn) -> list[Fact]:
    count = draw(st.integers(0, 8))
    facts = []
    for number in range(count):
        kind = draw(st.sampled_from(list(EventKind)))
        is_own = kind in (EventKind.EXPIRED, EventKind.CANCELLED)
        facet = INTENT_FACET if is_own else draw(st.sampled_from(["purchase:1", "purchase:2"]))
        amount = draw(st.integers(1, 3)) if kind == EventKind.SUCCEEDED else 0
        facts.append(Fact(facet, kind, amount, draw(_times), f"fact-{number}"))
    return facts


@given(st.data())
def test_any_order_gives_the_same_projection(data: st.DataObject) -> None:
    facts = data.draw(_facts())
    shuffled = data.draw(st.permutations(facts))
    assert projection(2, facts) == projection(2, shuffled)


@given(_facts())
def test_hearing_it_all_again_changes_nothing(facts: list[Fact]) -> None:
    assert projection(2, facts) == projection(2, [*facts, *facts])


@given(_facts())
def test_what_each_fact_adds_sums_to_what_is_captured(facts: list[Fact]) -> None:
    added = [captured(facts[: n + 1]) - captured(facts[:n]) for n in range(len(facts))]
    assert sum(added) == captured(facts)


def fact(kind: EventKind, facet: str = "purchase:1", amount: int = 0, hours: int = 0) -> Fact:
    return Fact(facet, kind, amount, NOON + timedelta(hours=hours), f"{facet}:{kind}:{hours}")


def test_a_late_success_beats_a_failure_and_a_stale_failure_beats_nothing() -> None:
    paid = fact(EventKind.SUCCEEDED, amount=5, hours=0)
    failed = fact(EventKind.FAILED, hours=1)
    assert projection(5, [failed, paid]).status == IntentStatus.SUCCEEDED
    assert projection(5, [paid, failed]).status == IntentStatus.SUCCEEDED


def test_money_after_expiry_is_money() -> None:
    expired = Fact(INTENT_FACET, EventKind.EXPIRED, 0, None, "expired")
    assert projection(5, [expired]).status == IntentStatus.EXPIRED
    paid = fact(EventKind.SUCCEEDED, amount=5)
    assert projection(5, [expired, paid]).status == IntentStatus.SUCCEEDED


def test_unknown_outlives_pending_until_there_is_a_verdict() -> None:
    unknown, pending = fact(EventKind.UNKNOWN), fact(EventKind.PENDING, hours=2)
    assert projection(5, [unknown, pending]).status == IntentStatus.UNKNOWN
    assert projection(5, [unknown, fact(EventKind.FAILED)]).status == IntentStatus.FAILED


def test_less_than_asked_is_partial() -> None:
    assert projection(5, [fact(EventKind.SUCCEEDED, amount=4)]).status == (
        IntentStatus.PARTIALLY_CAPTURED
    )
