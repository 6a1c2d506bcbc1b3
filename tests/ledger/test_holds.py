"""Holding money, capturing and releasing it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db import Error, connection, transaction

from apps.ledger import errors
from apps.ledger.domain import (
    AccountStatus,
    CaptureDraft,
    HoldDraft,
    HoldReason,
    HoldStatus,
    Precondition,
    ReleaseDraft,
    credit,
    debit,
)
from apps.ledger.selectors import account_balance, books_violations, hold, journal_entry
from apps.ledger.services import (
    capture_hold,
    change_account_status,
    expire_holds,
    place_hold,
    post_entry,
    post_up_to_available,
    release_hold,
)
from apps.ledger.services.refusals import sqlstate
from apps.platform import clock
from apps.platform.actors import SYSTEM, Actor
from apps.platform.errors import DomainError
from apps.platform.models import OutboxMessage
from apps.tenancy.models import Tenant
from tests.ledger.conftest import draft, image, kes, usd

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


@pytest.fixture
def funded(books: Tenant, amina: Actor) -> Tenant:
    """1,000.00 shillings belong to one."""
    made = draft(debit("9100", kes(100_000)), credit("9500.one", kes(100_000)))
    post_entry(draft=made, idempotency_key="funds", actor=amina)
    return books


def held(minor: int, **facts: Any) -> HoldDraft:
    about: dict[str, Any] = {
        "reason": HoldReason.PAYOUT,
        "description": "To two",
        "postings": [debit("9500.one", kes(minor)), credit("9500.two", kes(minor))],
    }
    return HoldDraft(**(about | facts))


def place(minor: int, key: str = "h", **facts: Any) -> UUID:
    return place_hold(draft=held(minor, **facts), idempotency_key=key, actor=SYSTEM).hold_id


def capture(id: UUID, minor: int | None = None, key: str = "c", **facts: Any) -> Any:
    made = CaptureDraft(amount=None if minor is None else kes(minor), **facts)
    return capture_hold(hold_id=id, draft=made, idempotency_key=key, actor=SYSTEM)


def release(id: UUID, minor: int | None = None, key: str = "r") -> Any:
    made = ReleaseDraft(reason="x", amount=None if minor is None else kes(minor))
    return release_hold(hold_id=id, draft=made, idempotency_key=key, actor=SYSTEM)


def stands(account: str) -> tuple[int, int, int, int]:
    row = account_balance(account)
    amounts = (row.balance, row.pending_in, row.pending_out, row.available)
    return tuple(money.minor for money in amounts)  # type: ignore[return-value]


def test_a_hold_is_captured_in_parts_and_the_rest_released(funded: Tenant) -> None:
    id = place(70_000)
    assert stands("9500.one") == (100_000, 0, 70_000, 30_000)
    assert stands("9500.two") == (0, 70_000, 0, 0)
    first = capture(id, 20_000, key="c1")
    assert (first.moved, first.left) == ((kes(20_000),), (kes(50_000),))
    assert stands("9500.one") == (80_000, 0, 50_000, 30_000)
    last = capture(id, 10_000, key="c2", is_final=True, value_date=NOW.date(), description="Fare")
    assert (last.moved, last.left) == ((kes(10_000),), ())
    assert stands("9500.one") == (70_000, 0, 0, 70_000)
    assert stands("9500.two") == (30_000, 0, 0, 30_000)
    assert capture(id, 20_000, key="c1") == first.__class__(
        **{name: getattr(first, name) for name in first.__dataclass_fields__} | {"is_replay": True}
    )
    row = hold(id)
    assert row.status is HoldStatus.CAPTURED
    assert [(m.number, str(m.kind), m.moved[0].minor) for m in row.movements] == [
        (1, "placed", 70_000),
        (2, "captured", 20_000),
        (3, "captured", 10_000),
        (4, "released", 40_000),
    ]
    entry = journal_entry(last.entry_id)
    assert (entry.kind, entry.description, entry.idempotency_key) == ("hold.capture", "Fare", "c2")
    names = OutboxMessage.objects.filter(aggregate__startswith="hld_").order_by("sequence")
    assert [message.name for message in names] == [
        "ledger.hold_placed",
        "ledger.hold_captured",
        "ledger.hold_captured",
    ]


def test_what_is_held_cannot_be_spent_twice(funded: Tenant) -> None:
    place(70_000)
    before = image()
    with pytest.raises(errors.InsufficientFunds) as refusal:
        place(30_001, key="h2")
    assert (refusal.value.account, refusal.value.short_minor) == ("9500.one", 1)
    made = draft(debit("9500.one", kes(30_001)), credit("9100", kes(30_001)))
    with pytest.raises(errors.InsufficientFunds):
        post_entry(draft=made, idempotency_key="p", actor=SYSTEM)
    with pytest.raises(errors.CeilingExceeded):
        place(50_001, postings=[debit("9100", kes(50_001)), credit("9600", kes(50_001))], key="h3")
    assert image() == before


def test_up_to_what_is_available(funded: Tenant) -> None:
    place(70_000)
    some = place_hold(
        draft=held(90_000, is_up_to_available=True), idempotency_key="h2", actor=SYSTEM
    )
    assert some.moved == (kes(30_000),)
    assert hold(some.hold_id).legs[0].asked == kes(90_000)
    before = image()
    with pytest.raises(errors.InsufficientFunds):
        place(1, key="h3", is_up_to_available=True)
    with pytest.raises(errors.InsufficientFunds):  # without a floor, zero is the floor
        drained = [debit("9900", kes(5)), credit("9500.two", kes(5))]
        place(5, key="h4", is_up_to_available=True, postings=drained)
    assert image() == before


def test_an_entry_up_to_what_is_available_says_all_that_its_draft_says(funded: Tenant) -> None:
    asked = draft(
        debit("9500.one", kes(900_000), "INV-1"),
        credit("9900", kes(900_000)),
        reason="write-off",
        metadata={"order": "A-1"},
        source_event="evt-9",
        preconditions=[Precondition(account="9500.one", min_balance_minor=100_000)],
    )
    unmet = [Precondition(account="9500.one", min_balance_minor=100_001)]
    with pytest.raises(errors.PreconditionFailed):
        post_up_to_available(
            draft=replace(asked, preconditions=unmet), idempotency_key="no", actor=SYSTEM
        )
    moved = post_up_to_available(draft=asked, idempotency_key="all", actor=SYSTEM)
    assert moved.entry_id is not None
    entry = journal_entry(moved.entry_id)
    assert (entry.reason, entry.source_event) == ("write-off", "evt-9")
    assert entry.metadata["order"] == "A-1"
    assert [(leg.amount, leg.clearing_key) for leg in entry.postings] == [
        (kes(100_000), "INV-1"),
        (kes(100_000), ""),
    ]
    assert post_up_to_available(draft=asked, idempotency_key="all", actor=SYSTEM).is_replay


def test_an_expired_hold_cannot_be_captured_and_is_swept(funded: Tenant) -> None:
    with clock.reading(lambda: NOW):
        id = place(70_000, lifetime=timedelta(minutes=5))
        open_ended = place(1_000, key="for ever")
        assert hold(id).expires_at == NOW + timedelta(minutes=5)
        assert expire_holds(actor=SYSTEM) == 0
    with clock.reading(lambda: NOW + timedelta(minutes=5)):
        before = image()
        with pytest.raises(errors.HoldExpired):
            capture(id, 1)
        assert image() == before
        assert expire_holds(actor=SYSTEM) == 1
        assert expire_holds(actor=SYSTEM) == 0
        with pytest.raises(errors.HoldAlreadyClosed):
            release(id)
    assert hold(id).expired == (kes(70_000),)
    assert stands("9500.one") == (100_000, 0, 1_000, 99_000)
    assert hold(open_ended).status is HoldStatus.OPEN


def test_the_database_judges_the_deadline_by_its_own_clock(funded: Tenant) -> None:
    receipt = place_hold(
        draft=held(1_000, lifetime=timedelta(hours=1)), idempotency_key="h", actor=SYSTEM
    )
    with connection.cursor() as cursor:
        cursor.execute("SELECT %s - clock_timestamp()", [receipt.expires_at])
        left = cursor.fetchone()[0]
    assert timedelta(minutes=59) < left <= timedelta(hours=1)


def test_legs_in_several_currencies_are_captured_leg_by_leg(funded: Tenant) -> None:
    postings = [
        debit("9500.one", kes(100)),
        credit("9500.two", kes(60)),
        credit("9900", kes(40)),
        debit("9200", usd(9)),
        credit("9700", usd(9)),
    ]
    id = place(0, postings=postings)
    made = CaptureDraft(legs={1: kes(50), 2: kes(50), 4: usd(9), 5: usd(9)})
    receipt = capture_hold(hold_id=id, draft=made, idempotency_key="c", actor=SYSTEM)
    assert receipt.moved == (kes(50), usd(9))
    assert receipt.left == (kes(50),)
    before = image()
    with pytest.raises(errors.HoldLegsDiffer):
        capture(id, 10, key="c2")
    with pytest.raises(errors.UnbalancedEntry):
        uneven = CaptureDraft(legs={1: kes(10), 2: kes(9)})
        capture_hold(hold_id=id, draft=uneven, idempotency_key="c2", actor=SYSTEM)
    with pytest.raises(errors.CaptureExceedsHold) as refusal:
        more = CaptureDraft(legs={1: kes(20), 2: kes(20)})
        capture_hold(hold_id=id, draft=more, idempotency_key="c2", actor=SYSTEM)
    assert (refusal.value.leg, refusal.value.left_minor) == (2, 10)
    with pytest.raises(errors.UnbalancedEntry):
        one_side = ReleaseDraft(reason="x", legs={1: kes(1), 2: kes(2)})
        release_hold(hold_id=id, draft=one_side, idempotency_key="r", actor=SYSTEM)
    assert image() == before
    release(id)
    assert books_violations() == []


REFUSED: list[tuple[dict[str, Any], type[DomainError]]] = [
    ({"postings": [debit("9500.one", kes(1))]}, errors.TooFewPostings),
    ({"postings": [debit("9100", kes(1)), credit("9900", kes(2))]}, errors.UnbalancedEntry),
    ({"postings": [debit("9100", kes(0)), credit("9900", kes(0))]}, errors.AmountNotPositive),
    ({"postings": [debit("9100", kes(1)), credit("nowhere", kes(1))]}, errors.UnknownAccount),
    ({"postings": [debit("9100", kes(1)), credit("9500", kes(1))]}, errors.HeaderAccount),
    ({"postings": [debit("9100", usd(1)), credit("9700", usd(1))]}, errors.CurrencyMismatch),
    ({"closes_account": "9900"}, errors.AccountNotInHold),
    (
        {
            "is_up_to_available": True,
            "postings": [debit("9100", kes(2)), credit("9900", kes(1)), credit("9600", kes(1))],
        },
        errors.UpToAvailableTakesTwo,
    ),
]


@pytest.mark.parametrize(("facts", "error"), REFUSED)
def test_what_cannot_be_held_leaves_no_trace(
    funded: Tenant, facts: dict[str, Any], error: type[DomainError]
) -> None:
    before = image()
    with pytest.raises(error):
        place(10, **facts)
    assert image() == before


def test_a_key_or_a_source_event_holds_once(funded: Tenant) -> None:
    id = place(1_000, source_event="order-1")
    assert place(1_000, source_event="order-1") == id
    before = image()
    with pytest.raises(errors.IdempotencyKeyReused):
        place(1_001, source_event="order-1")
    with pytest.raises(errors.DuplicateHold):
        place(1_000, key="h2", source_event="order-1")
    capture(id, 100)
    with pytest.raises(errors.IdempotencyKeyReused):
        capture(id, 101)
    other = place(1_000, key="h3")
    with pytest.raises(errors.IdempotencyKeyReused):
        release(other, key="c")
    with pytest.raises(errors.HoldNotFound):
        release(UUID(int=1))
    assert image() != before
    assert account_balance("9500.one").pending_out == kes(1_900)


def test_a_capture_that_the_books_refuse_leaves_the_hold_as_it_was(funded: Tenant) -> None:
    id = place(1_000)
    frozen = AccountStatus.FROZEN_CREDIT
    change_account_status(code="9500.two", status=frozen, reason="x", actor=SYSTEM)
    before = image()
    with pytest.raises(errors.AccountFrozen):
        capture(id)
    assert image() == before
    with pytest.raises(errors.AccountFrozen):
        place(1, key="h2")
    release(id)


def test_a_closing_hold_empties_and_closes_its_account(funded: Tenant) -> None:
    everything: dict[str, Any] = {"is_up_to_available": True, "closes_account": "9500.one"}
    id = place(10**12, reason=HoldReason.CLOSING, **everything)
    made = draft(debit("9500.one", kes(1)), credit("9900", kes(1)))
    with pytest.raises(errors.AccountFrozen):
        post_entry(draft=made, idempotency_key="p", actor=SYSTEM)
    capture(id, 30_000, key="c1")
    assert account_balance("9500.one").status is AccountStatus.FROZEN
    with transaction.atomic():
        release(id)
        assert account_balance("9500.one").status is AccountStatus.OPEN
        transaction.set_rollback(True)
    with pytest.raises(errors.AccountNotEmpty):
        capture(id, 10_000, key="c2", is_final=True)
    capture(id, key="c3")
    assert account_balance("9500.one").status is AccountStatus.CLOSED
    assert stands("9500.two") == (100_000, 0, 0, 100_000)


def test_an_account_with_open_holds_is_not_closed(funded: Tenant) -> None:
    place(1_000)
    with pytest.raises(errors.AccountHasHolds) as refusal:
        change_account_status(
            code="9500.two", status=AccountStatus.CLOSED, reason="x", actor=SYSTEM
        )
    assert refusal.value.pending_in_minor == 1_000


MOVEMENT = """
    INSERT INTO ledger_hold_movement (tenant, hold_id, number, kind, amounts_minor,
        open_after_minor, reason, moved_at, actor)
    SELECT tenant, id, 2, '{kind}', ARRAY[1, 1], ARRAY[1, 1], '', now(), '' FROM ledger_hold
"""
#: What somebody does behind the functions' back, and how the database refuses it.
TAMPERING = [
    ("UPDATE ledger_hold_movement SET reason = 'y'", "LG002"),
    ("DELETE FROM ledger_hold_movement", "LG002"),
    ("DELETE FROM ledger_hold_leg", "LG002"),
    ("DELETE FROM ledger_hold", "LG002"),
    ("UPDATE ledger_hold SET description = 'y'", "LG002"),
    ("UPDATE ledger_hold SET expires_at = now() + interval '9 days'", "LG002"),
    ("UPDATE ledger_hold_leg SET amount_minor = amount_minor + 1, open_minor = open_minor + 1",
     "LG002"),
    ("UPDATE ledger_hold_leg SET open_minor = open_minor - 1", "23514"),
    ("UPDATE ledger_hold_leg SET open_minor = -1, released_minor = amount_minor + 1", "23514"),
    ("UPDATE ledger_hold_leg SET open_minor = open_minor - 1, captured_minor = 1", "LG065"),
    ("UPDATE ledger_hold SET status = 'released', closed_at = now()", "LG065"),
    ("UPDATE ledger_hold SET status = 'released'", "23514"),
    (MOVEMENT.format(kind="released"), "LG065"),
    (MOVEMENT.format(kind="captured"), "23514"),
    ("UPDATE ledger_account_balance SET pending_debits_minor = -1", "23514"),
]  # fmt: skip


@pytest.mark.parametrize(("statement", "state"), TAMPERING, ids=[t[0][:60] for t in TAMPERING])
def test_the_database_refuses_what_goes_around_the_code(
    funded: Tenant, statement: str, state: str
) -> None:
    place(1_000)
    connection.check_constraints()
    with pytest.raises(Error) as refusal, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    assert sqlstate(refusal.value) == state


def test_the_audit_finds_what_is_not_held(funded: Tenant) -> None:
    capture(place(1_000), 400)
    connection.check_constraints()
    assert books_violations() == []
    with connection.cursor() as cursor:
        for table in ("ledger_account_balance", "ledger_hold_leg", "ledger_hold_movement"):
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        cursor.execute(
            "UPDATE ledger_account_balance SET pending_credits_minor = 1"
            " FROM ledger_account a WHERE a.id = account_id AND a.code = '9900'"
        )
    assert "ledger.pending_is_what_is_held" in {v.check for v in books_violations("fast")}
    with connection.cursor() as cursor:
        cursor.execute("UPDATE ledger_hold_movement SET amounts_minor = '{399,400}' WHERE number=2")
    assert {v.check for v in books_violations()} >= {
        "ledger.holds_are_their_movements",
        "ledger.captures_are_posted",
    }
