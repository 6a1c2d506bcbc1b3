"""Holds from many connections at once: nothing is held, captured or released twice."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from functools import partial

import pytest

from apps.ledger.domain import (
    CaptureDraft,
    HoldDraft,
    HoldReason,
    HoldReceipt,
    ReleaseDraft,
    credit,
    debit,
)
from apps.ledger.errors import HoldAlreadyClosed, InsufficientFunds
from apps.ledger.selectors import account_balance, books_violations, hold
from apps.ledger.services import (
    capture_hold,
    expire_holds,
    open_account,
    place_hold,
    post_entry,
    release_hold,
)
from apps.platform.actors import SYSTEM
from apps.platform.ids import new_id
from apps.tenancy.contexts import inside
from apps.tenancy.models import Tenant
from tests.ledger.conftest import draft, kes
from tests.ledger.test_races import all_at_once, deadlocks


@pytest.fixture
def wallets(races: Tenant, django_db_blocker: pytest.FixtureRequest) -> Iterator[tuple[str, str]]:
    """Two accounts of customers; the first has 10.00 and may not be overdrawn."""
    with django_db_blocker.unblock(), inside(races):  # type: ignore[attr-defined]
        codes = (f"race.{new_id()}", f"race.{new_id()}")
        for code in codes:
            open_account(
                code=code,
                name=code,
                account_class="liability",
                currency="KES",
                floor_minor=0,
                actor=SYSTEM,
            )
        funds = draft(debit("9100", kes(1000)), credit(codes[0], kes(1000)))
        post_entry(draft=funds, idempotency_key=codes[0], actor=SYSTEM)
        yield codes
        assert books_violations() == []


def held(wallets: tuple[str, str], minor: int, seconds: int | None = None) -> HoldDraft:
    return HoldDraft(
        reason=HoldReason.PAYOUT,
        description="A race",
        postings=[debit(wallets[0], kes(minor)), credit(wallets[1], kes(minor))],
        lifetime=None if seconds is None else timedelta(seconds=seconds),
    )


def place(wallets: tuple[str, str], minor: int, key: str = "") -> partial[HoldReceipt]:
    return partial(
        place_hold,
        draft=held(wallets, minor),
        idempotency_key=key or str(new_id()),
        actor=SYSTEM,
    )


def test_no_more_is_held_than_there_is(races: Tenant, wallets: tuple[str, str]) -> None:
    before = deadlocks()
    answers = all_at_once(races, [place(wallets, 300) for _ in range(6)])
    receipts = [answer for answer in answers if isinstance(answer, HoldReceipt)]
    assert len(receipts) == 3
    assert [type(answer) for answer in answers if answer not in receipts] == [InsufficientFunds] * 3
    assert account_balance(wallets[0]).available == kes(100)
    assert deadlocks() == before


def test_one_key_places_one_hold(races: Tenant, wallets: tuple[str, str]) -> None:
    answers = all_at_once(races, [place(wallets, 300, wallets[1]) for _ in range(5)])
    receipts = [answer for answer in answers if isinstance(answer, HoldReceipt)]
    assert len({receipt.hold_id for receipt in receipts}) == 1
    assert sorted(receipt.is_replay for receipt in receipts) == [False, True, True, True, True]
    assert account_balance(wallets[0]).pending_out == kes(300)


def test_captures_and_releases_of_one_hold_take_turns(
    races: Tenant, wallets: tuple[str, str]
) -> None:
    before = deadlocks()
    id = place(wallets, 800)().hold_id
    some, rest = CaptureDraft(amount=kes(300)), ReleaseDraft(reason="x", amount=kes(300))
    work = [
        partial(capture_hold, hold_id=id, draft=some, idempotency_key=str(new_id()), actor=SYSTEM)
        for _ in range(3)
    ] + [
        partial(release_hold, hold_id=id, draft=rest, idempotency_key=str(new_id()), actor=SYSTEM)
        for _ in range(3)
    ]
    answers = all_at_once(races, list(work))
    assert sum(isinstance(answer, HoldReceipt) for answer in answers) == 2
    row, captured = hold(id), account_balance(wallets[1]).balance
    assert (row.open, row.captured) == ((kes(200),), (captured,))
    assert account_balance(wallets[0]).available == kes(1000 - 200) - captured
    assert deadlocks() == before


def test_two_sweeps_and_a_release_end_a_hold_once(races: Tenant, wallets: tuple[str, str]) -> None:
    made = HoldDraft(
        reason=HoldReason.OTHER,
        description="Over at once",
        postings=held(wallets, 300).postings,
        lifetime=timedelta(microseconds=1),
    )
    id = place_hold(draft=made, idempotency_key=str(new_id()), actor=SYSTEM).hold_id
    sweep = partial(expire_holds, actor=SYSTEM)
    mine = ReleaseDraft(reason="x")
    free = partial(release_hold, hold_id=id, draft=mine, idempotency_key=wallets[1], actor=SYSTEM)
    answers = all_at_once(races, [sweep, free, sweep])
    ended = [a for a in answers if a == 1 or isinstance(a, HoldReceipt)]
    assert len(ended) == 1
    assert not [a for a in answers if isinstance(a, Exception) and type(a) is not HoldAlreadyClosed]
    assert len(hold(id).movements) == 2
    assert account_balance(wallets[0]).available == kes(1000)
