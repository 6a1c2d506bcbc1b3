"""What makes a draft sound, before any account is looked at."""

from __future__ import annotations

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.ledger.domain import AccountClass, Side, credit, debit
from apps.ledger.errors import (
    AmountNotPositive,
    ReservedKind,
    TooFewPostings,
    TooManyPostings,
    UnbalancedEntry,
)
from apps.platform.money import Money
from tests.ledger.conftest import draft, kes, usd

shares = st.lists(st.integers(1, 10**12), min_size=1, max_size=12)


@given(shares=shares, currency=st.sampled_from(["KES", "USD", "JPY", "KWD"]))
def test_any_way_of_sharing_one_amount_is_balanced(shares: list[int], currency: str) -> None:
    whole = Money(sum(shares), currency)
    made = draft(debit("a", whole), *(credit("b", Money(share, currency)) for share in shares))
    made.check()
    assert made.totals() == (whole,)


@given(shares=shares, off=st.integers(1, 10**6))
def test_one_unit_off_is_refused_with_both_sums(shares: list[int], off: int) -> None:
    made = draft(debit("a", kes(sum(shares) + off)), *(credit("b", kes(s)) for s in shares))
    with pytest.raises(UnbalancedEntry) as refusal:
        made.check()
    assert refusal.value.facts == {
        "currency": "KES",
        "debits_minor": sum(shares) + off,
        "credits_minor": sum(shares),
    }


def test_each_currency_balances_on_its_own() -> None:
    with pytest.raises(UnbalancedEntry) as refusal:
        draft(debit("a", kes(5)), credit("b", usd(5))).check()
    assert refusal.value.currency == "KES"
    draft(debit("a", kes(5)), credit("b", kes(5)), debit("c", usd(7)), credit("d", usd(7))).check()


@pytest.mark.parametrize("minor", [0, -1])
def test_an_amount_is_positive(minor: int) -> None:
    with pytest.raises(AmountNotPositive) as refusal:
        draft(debit("a", kes(1)), credit("b", kes(minor))).check()
    assert refusal.value.facts == {"leg": 2, "account": "b"}


def test_an_entry_has_two_sides_and_a_kind_of_its_own() -> None:
    with pytest.raises(TooFewPostings) as refusal:
        draft(debit("a", kes(1))).check()
    assert refusal.value.postings == 1
    with pytest.raises(TooManyPostings):
        draft(*[debit("a", kes(1)), credit("b", kes(1))] * 5_001).check()
    with pytest.raises(ReservedKind):
        draft(debit("a", kes(1)), credit("b", kes(1)), kind="reversal").check()


def test_every_fact_of_a_draft_is_in_its_fingerprint() -> None:
    base = draft(debit("a", kes(1)), credit("b", kes(1)), metadata={"x": 1, "y": [2]})
    others = [
        dataclasses.replace(base, description="Another"),
        dataclasses.replace(base, value_date=base.value_date.replace(day=3)),
        dataclasses.replace(base, kind="test.other"),
        dataclasses.replace(base, source_event="evt"),
        dataclasses.replace(base, metadata={"x": 2, "y": [2]}),
        dataclasses.replace(base, postings=[debit("a", kes(2)), credit("b", kes(2))]),
        dataclasses.replace(base, postings=[debit("b", kes(1)), credit("a", kes(1))]),
        dataclasses.replace(base, postings=[debit("a", usd(1)), credit("b", usd(1))]),
        dataclasses.replace(base, postings=[credit("a", kes(1)), debit("b", kes(1))]),
    ]
    assert len({made.fingerprint() for made in [base, *others]}) == len(others) + 1
    same = draft(debit("a", kes(1)), credit("b", kes(1)), metadata={"y": [2], "x": 1})
    assert same.fingerprint() == base.fingerprint()


def test_the_class_fixes_the_normal_side() -> None:
    assert {kind.value: kind.normal_side for kind in AccountClass} == {
        "asset": Side.DEBIT,
        "expense": Side.DEBIT,
        "memo": Side.DEBIT,
        "liability": Side.CREDIT,
        "equity": Side.CREDIT,
        "income": Side.CREDIT,
    }
