"""Balances now and as of a day, statements, and the trial balance."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta

from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from apps.ledger.domain import Side, credit, debit
from apps.ledger.selectors import (
    account_balance,
    account_balance_as_of,
    account_statement,
    books_violations,
    trial_balance,
    trial_balance_from_postings,
)
from apps.ledger.services import post_entries, post_entry
from apps.platform.actors import SYSTEM, Actor
from apps.platform.money import Money
from apps.tenancy.models import Tenant
from tests.ledger.conftest import draft, kes, usd

DAY = date(2026, 3, 10)
OPEN_ACCOUNTS = {"KES": ["9100", "9900"], "USD": ["9200", "9700"]}


def moves(minor: int, day: date) -> object:
    return draft(debit("9100", kes(minor)), credit("9500.one", kes(minor)), value_date=day)


def test_back_dated_postings_count_on_their_day(books: Tenant, amina: Actor) -> None:
    for number, (minor, days) in enumerate([(100, 0), (10, 5), (1, 2)]):
        made = moves(minor, DAY + timedelta(days=days))
        post_entry(draft=made, idempotency_key=f"k{number}", actor=amina)  # type: ignore[arg-type]
    held = [
        account_balance_as_of("9500.one", DAY + timedelta(days=n)).balance.minor
        for n in range(-1, 6)
    ]
    assert held == [0, 100, 100, 101, 101, 101, 111]
    assert account_balance("9500.one").balance == kes(111)
    assert trial_balance(as_of=DAY + timedelta(days=2)).totals[0].debits_minor == 101


def test_a_statement_ties_out(books: Tenant, amina: Actor) -> None:
    for number, (minor, days) in enumerate([(100, 0), (10, 5), (1, 2), (1000, 9)]):
        made = moves(minor, DAY + timedelta(days=days))
        post_entry(draft=made, idempotency_key=f"k{number}", actor=amina)  # type: ignore[arg-type]
    statement = account_statement("9500.one", DAY + timedelta(days=1), DAY + timedelta(days=6))
    assert (statement.opening, statement.closing) == (kes(100), kes(111))
    assert [
        (line.value_date.day, line.amount.minor, line.balance.minor) for line in statement.lines
    ] == [
        (12, 1, 101),
        (15, 10, 111),
    ]
    assert {line.side for line in statement.lines} == {Side.CREDIT}


def test_the_trial_balance_is_the_same_from_balances_and_from_postings(
    books: Tenant, amina: Actor
) -> None:
    post_entry(
        draft=draft(
            debit("9100", kes(7)),
            credit("9900", kes(7)),
            debit("9200", usd(3)),
            credit("9700", usd(3)),
        ),
        idempotency_key="k1",
        actor=amina,
    )
    stored = trial_balance()
    assert stored == trial_balance_from_postings()
    assert stored.is_balanced
    assert [(t.currency, t.debits_minor, t.credits_minor) for t in stored.totals] == [
        ("KES", 7, 7),
        ("USD", 3, 3),
    ]
    assert [row.account for row in stored.rows] == ["9100", "9200", "9700", "9900"]


@st.composite
def entries(make: st.DrawFn) -> object:
    currency = make(st.sampled_from(sorted(OPEN_ACCOUNTS)))
    account = st.sampled_from(OPEN_ACCOUNTS[currency])
    shares = make(st.lists(st.integers(1, 10**9), min_size=1, max_size=5))
    sides = (debit, credit) if make(st.booleans()) else (credit, debit)
    return draft(
        sides[0](make(account), Money(sum(shares), currency)),
        *(sides[1](make(account), Money(share, currency)) for share in shares),
        value_date=DAY + timedelta(days=make(st.integers(-40, 40))),
    )


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(drafts=st.lists(entries(), min_size=1, max_size=8), data=st.data())
def test_any_entries_in_any_order_at_once_or_one_by_one_keep_every_law(
    books: Tenant, drafts: list[object], data: st.DataObject
) -> None:
    keyed = {f"k{number}": made for number, made in enumerate(drafts)}
    order = data.draw(st.permutations(sorted(keyed)))
    images = []
    for how in ("at once", "one by one"):
        with transaction.atomic():
            if how == "at once":
                post_entries(drafts=keyed, actor=SYSTEM)  # type: ignore[arg-type]
            else:
                for key in [*order, *order]:  # each a second time, as a replay
                    post_entry(draft=keyed[key], idempotency_key=key, actor=SYSTEM)  # type: ignore[arg-type]
            assert books_violations() == []
            images.append((trial_balance(), trial_balance(as_of=DAY)))
            transaction.set_rollback(True)
    assert images[0] == images[1]
    expected = Counter[str]()
    for made in drafts:
        for posting in made.postings:  # type: ignore[attr-defined]
            expected[posting.account] += posting.side.sign * posting.amount.minor
    for row in images[0][0].rows:
        assert row.debits.minor - row.credits.minor == expected[row.account]
