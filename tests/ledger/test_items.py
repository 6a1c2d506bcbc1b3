"""Open items are settled at most once, and what is open is the balance; keys come to zero."""

from __future__ import annotations

from datetime import date, timedelta
from functools import partial
from itertools import count
from uuid import UUID

import pytest
from django.db import Error, connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from apps.ledger.domain import Side, credit, debit
from apps.ledger.domain.items import ItemRef, ItemRemainder, age_bucket, link_items
from apps.ledger.errors import (
    ClearingKeyMissing,
    IdempotencyKeyReused,
    ItemAlreadySettled,
    ItemNotFound,
    ItemsNotPossible,
    ItemsUnmatched,
    SettlementAlreadyUndone,
    SettlementNotFound,
)
from apps.ledger.selectors import account_balance_as_of, books_violations, item_laws
from apps.ledger.selectors.clearing import clearing_accounts, key_postings, open_keys
from apps.ledger.selectors.items import (
    item_settlement,
    open_item_sums,
    open_items,
    settlements,
)
from apps.ledger.services import (
    ItemRuleDraft,
    ItemShare,
    keep_by_items,
    open_account,
    post_entry,
    reverse_entry,
    settle_items,
    undo_settlement,
)
from apps.platform.actors import SYSTEM
from apps.platform.ids import new_id
from apps.platform.models import OutboxMessage
from apps.tenancy.contexts import inside
from apps.tenancy.models import Tenant
from tests.ledger.conftest import VALUE_DATE, draft, kes
from tests.ledger.test_races import all_at_once

ACCOUNT = "9100"
_numbers = count(1)


def keep(account: str = ACCOUNT, **rule: object) -> None:
    facts = {"keeps_items": True, **rule}
    keep_by_items(
        draft=ItemRuleDraft(account=account, **facts),  # type: ignore[arg-type]
        reason="Agreed",
        actor=SYSTEM,
    )


def post(minor: int, *, day: date = VALUE_DATE, key: str = "", account: str = ACCOUNT) -> ItemRef:
    """A debit of ``minor``, or a credit when it is negative."""
    amount = kes(abs(minor))
    here = debit(account, amount, key) if minor > 0 else credit(account, amount, key)
    there = credit("9900", amount) if minor > 0 else debit("9900", amount)
    made = draft(here, there, value_date=day)
    receipt = post_entry(draft=made, idempotency_key=str(new_id()), actor=SYSTEM)
    return ItemRef(receipt.entry_id, 1)


def settle(*refs: ItemRef, key: str = "", account: str = ACCOUNT) -> UUID:
    return settle_items(
        account=account,
        items=[ItemShare(ref) for ref in refs],
        reason="Paid",
        idempotency_key=key or f"settle-{next(_numbers)}",
        actor=SYSTEM,
    ).settlement_id


def undo(settlement: UUID, key: str = "") -> UUID:
    return undo_settlement(
        settlement_id=settlement,
        reason="Wrong one",
        idempotency_key=key or f"undo-{next(_numbers)}",
        actor=SYSTEM,
    ).settlement_id


remainders = st.lists(
    st.tuples(st.sampled_from(list(Side)), st.integers(1, 50), st.integers(0, 5)),
    min_size=2,
    max_size=12,
).filter(lambda rows: len({side for side, _, _ in rows}) == 2)


@given(rows=remainders)
def test_links_use_up_the_smaller_side_and_never_more_than_an_item(
    rows: list[tuple[Side, int, int]],
) -> None:
    items = [
        ItemRemainder(
            ref=ItemRef(new_id(), 1),
            side=side,
            remaining_minor=minor,
            value_date=VALUE_DATE + timedelta(days=day),
        )
        for side, minor, day in rows
    ]
    links = link_items(items)
    for side in Side:
        mine = [item for item in items if item.side is side]
        used = {
            item.ref: sum(
                link.amount_minor for link in links if item.ref in (link.debit, link.credit)
            )
            for item in mine
        }
        assert all(used[item.ref] <= item.remaining_minor for item in mine)
        youngest_first = sorted(mine, key=lambda item: (item.value_date, item.ref))
        left = [item.remaining_minor - used[item.ref] for item in youngest_first]
        first_open = next((at for at, rest in enumerate(left) if rest), len(left))
        assert all(used[item.ref] == 0 for item in youngest_first[first_open + 1 :])
    sums = [sum(item.remaining_minor for item in items if item.side is side) for side in Side]
    assert sum(link.amount_minor for link in links) == min(sums)
    assert len(links) < len(items)


@pytest.mark.parametrize(
    ("days", "bucket"),
    [(0, "0-1"), (1, "0-1"), (2, "2-3"), (4, "4-7"), (8, "8-30"), (30, "8-30"), (31, ">30")],
)
def test_ages_have_buckets(days: int, bucket: str) -> None:
    assert age_bucket(days) == bucket


step = st.one_of(
    st.tuples(st.just("post"), st.integers(-40, 40).filter(bool), st.integers(0, 6)),
    st.tuples(st.just("settle"), st.integers(0, 99), st.integers(0, 99)),
    st.tuples(st.just("undo"), st.integers(0, 99), st.just(0)),
)


def take(what: str, one: int, other: int) -> None:
    """One step of whatever may happen to the items of the account."""
    match what:
        case "post":
            post(one, day=VALUE_DATE + timedelta(days=other))
        case "settle":
            rows = open_items(ACCOUNT)
            debits, credits = ([row for row in rows if row.side is side] for side in Side)
            if debits and credits:
                settle(debits[one % len(debits)].ref, credits[other % len(credits)].ref)
        case "undo":
            done = [row for row in settlements(ACCOUNT) if row.undone_by is None]
            if done:
                undo(done[one % len(done)].id)


@settings(max_examples=6, suppress_health_check=list(HealthCheck), deadline=None)
@given(steps=st.lists(step, min_size=6, max_size=16), begins=st.integers(0, 4))
def test_as_of_every_day_what_is_open_is_the_balance(
    books: Tenant, steps: list[tuple[str, int, int]], begins: int
) -> None:
    """Whatever is posted, settled and undone, and whenever the account began to be kept so."""
    with transaction.atomic():
        for number, (what, one, other) in enumerate(steps):
            if number == begins:
                keep()
            take(what, one, other)
        keep()
        for days in range(-1, 8):
            day = VALUE_DATE + timedelta(days=days)
            found = open_item_sums(ACCOUNT, as_of=day)
            rows = open_items(ACCOUNT, as_of=day)
            held = account_balance_as_of(ACCOUNT, day).balance
            assert found.debits - found.credits == held
            assert len(rows) == found.items
            assert sum(row.remaining.minor for row in rows) == (found.debits + found.credits).minor
        now = open_item_sums(ACCOUNT)
        last = open_item_sums(ACCOUNT, as_of=VALUE_DATE + timedelta(days=7))
        assert (now.debits, now.credits) == (last.debits, last.credits)
        assert books_violations(only=[*item_laws.FAST, *item_laws.FULL]) == []
        transaction.set_rollback(True)


def test_an_item_is_settled_once_and_opened_again_by_undoing(books: Tenant) -> None:
    keep()
    invoice, part, rest = post(100), post(-60), post(-70)
    first = settle(invoice, part, key="a")
    assert settle(invoice, part, key="a") == first
    with pytest.raises(IdempotencyKeyReused):
        settle(invoice, rest, key="a")
    assert [row.remaining for row in open_items(ACCOUNT)] == [kes(40), kes(70)]
    with pytest.raises(ItemAlreadySettled) as refusal:
        settle(invoice, part)
    assert (refusal.value.item, refusal.value.remaining_minor) == (str(part), 0)
    second = settle(invoice, rest)
    assert [(row.ref, row.remaining) for row in open_items(ACCOUNT)] == [(rest, kes(30))]
    told = OutboxMessage.objects.filter(name="ledger.items_settled").order_by("id")
    assert [row.payload["closed_items"] for row in told] == [[str(part)], [str(invoice)]]

    undo(first, key="u")
    assert undo(first, key="u") == undo(first, key="u")
    with pytest.raises(SettlementAlreadyUndone):
        undo(first)
    with pytest.raises(SettlementNotFound):
        undo(undo(second))
    assert item_settlement(first).undone_by is not None
    assert [row.remaining for row in open_items(ACCOUNT)] == [kes(100), kes(60), kes(70)]
    assert books_violations() == []


def test_what_is_no_item_of_the_account_is_refused(books: Tenant) -> None:
    unkept = post(5)
    with pytest.raises(ItemNotFound):
        settle(unkept, post(-5))
    keep()
    with pytest.raises(ItemsUnmatched):
        settle(unkept, post(5))
    with pytest.raises(ItemsUnmatched):
        settle(unkept, unkept)
    with pytest.raises(ItemNotFound):
        settle(unkept, ItemRef(unkept.entry_id, 2))  # the leg of another account


@pytest.mark.parametrize(
    ("account", "rule", "obstacle"),
    [
        ("9500", {}, "header"),
        ("9900", {}, "result"),
        (ACCOUNT, {"keeps_items": False, "clears_by_key": True}, "begun"),
    ],
)
def test_accounts_that_cannot_be_kept_so(
    books: Tenant, account: str, rule: dict[str, object], obstacle: str
) -> None:
    keep()
    with pytest.raises(ItemsNotPossible) as refusal:
        keep(account, **rule)
    assert (refusal.value.account, refusal.value.obstacle) == (account, obstacle)


def test_a_posting_brings_its_key_where_one_is_required(books: Tenant) -> None:
    old = post(3)
    keep(clears_by_key=True, requires_key=True, clears_within_days=2, keeps_items=False)
    with pytest.raises(ClearingKeyMissing) as refusal:
        post(7)
    assert (refusal.value.account, refusal.value.leg) == (ACCOUNT, 1)
    reverse_entry(entry_id=old.entry_id, reason="old", idempotency_key="r", actor=SYSTEM)
    post(10, key="a", day=VALUE_DATE)
    post(-4, key="a", day=VALUE_DATE + timedelta(days=1))
    post(9, key="b")
    post(-9, key="b")
    (row,) = open_keys()
    assert (row.key, row.balance, row.postings) == ("a", kes(6), 2)
    assert (row.first_date, row.last_date) == (VALUE_DATE, VALUE_DATE + timedelta(days=1))
    assert row.is_late
    assert [one.balance for one in open_keys(as_of=VALUE_DATE)] == [kes(10)]
    assert [one.key for one in open_keys(account="9110")] == []
    (account,) = clearing_accounts()
    assert (account.open_keys, account.late_keys, account.balance) == (1, 1, kes(6))
    assert account.unkeyed == kes(0)
    assert [one.amount for one in key_postings(ACCOUNT, "a")] == [kes(10), kes(4)]
    keep(clears_by_key=True, keeps_items=False)
    post(7)
    assert clearing_accounts()[0].unkeyed == kes(7)
    assert books_violations() == []


GUARDED = [
    "UPDATE ledger_item SET settled_minor = 0",
    "INSERT INTO ledger_item SELECT * FROM ledger_item",
    "DELETE FROM ledger_item",
    "UPDATE ledger_item_link SET amount_minor = 1",
    "DELETE FROM ledger_item_link",
    "UPDATE ledger_item_settlement SET reason = 'x'",
    "DELETE FROM ledger_item_settlement",
    "DELETE FROM ledger_item_rule",
    "UPDATE ledger_clearing_key SET debits_minor = credits_minor",
    "DELETE FROM ledger_clearing_key",
    "TRUNCATE ledger_item_link",
    "TRUNCATE ledger_item",
]
_SETTLEMENT = """
    INSERT INTO ledger_item_settlement (tenant, id, account_id, reason, actor, settled_at,
                                        idempotency_key, fingerprint)
    SELECT tenant, gen_random_uuid(), account_id, '', 'x', now(), 'again', '\\x00'
      FROM ledger_item_settlement RETURNING id
"""
_LINK = """
    INSERT INTO ledger_item_link (tenant, settlement_id, number, debit_entry_id, debit_leg,
                                  credit_entry_id, credit_leg, amount_minor, value_date)
    SELECT tenant, {settlement}, 2, {items}, {amount}, {day} FROM ledger_item_link
"""
_ITEMS = "debit_entry_id, debit_leg, credit_entry_id, credit_leg"
_SWAPPED = "credit_entry_id, credit_leg, debit_entry_id, debit_leg"


def test_the_database_keeps_items_against_any_writer(books: Tenant) -> None:
    keep(clears_by_key=True)
    settle(post(10, key="k"), post(-10))
    connection.check_constraints()  # nothing pending stands before the TRUNCATE
    for statement in GUARDED:
        with (
            pytest.raises(Error, match="is refused") as refusal,
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute(statement)
        assert refusal.value.__cause__.sqlstate == "LG002"  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("change", "sqlstate"),
    [
        ({}, "LG082"),
        ({"amount": "1"}, "LG082"),
        ({"items": _SWAPPED}, "LG081"),
        ({"day": "value_date + 1"}, "LG081"),
        ({"settlement": "settlement_id"}, "LG082"),
    ],
)
def test_the_database_settles_nothing_twice(
    books: Tenant, change: dict[str, str], sqlstate: str
) -> None:
    keep()
    settle(post(10), post(-10))
    terms = {"items": _ITEMS, "amount": "amount_minor", "day": "value_date", **change}
    with pytest.raises(Error) as refusal, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_SETTLEMENT)
        terms.setdefault("settlement", f"'{cursor.fetchone()[0]}'")
        cursor.execute(_LINK.format(**terms))
    assert refusal.value.__cause__.sqlstate == sqlstate  # type: ignore[union-attr]


def test_many_settle_the_same_items_at_once_and_each_is_settled_once(
    races: Tenant, django_db_blocker: pytest.FixtureRequest
) -> None:
    account = f"items.{new_id()}"
    with django_db_blocker.unblock(), inside(races):  # type: ignore[attr-defined]
        open_account(
            code=account, name=account, account_class="asset", currency="KES", actor=SYSTEM
        )
        keep(account)
        payments = [post(-10, account=account) for _ in range(4)]
        invoices = [post(25, account=account), post(15, account=account)]
        outcomes = all_at_once(
            races,
            [
                partial(
                    settle,
                    invoices[number % 2],
                    payments[number % 4],
                    payments[(number + 1) % 4],
                    account=account,
                )
                for number in range(8)
            ],
        )
        settled = {one for one in outcomes if isinstance(one, UUID)}
        assert {type(one) for one in outcomes} == {UUID, ItemAlreadySettled}
        assert {row.id for row in settlements(account)} == settled
        sums = open_item_sums(account)
        done = sum(row.amount.minor for row in settlements(account))
        assert (sums.debits, sums.credits) == (kes(40 - done), kes(40 - done))
        first = settlements(account)[0].id
        undone = all_at_once(races, [partial(undo, first) for _ in range(4)])
        assert sum(isinstance(one, UUID) for one in undone) == 1
        assert books_violations() == []
