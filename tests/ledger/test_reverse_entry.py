"""Taking an entry back."""

from __future__ import annotations

from datetime import UTC, date, datetime
from uuid import UUID

import pytest
from django.db import DatabaseError, connection, transaction

from apps.ledger import errors
from apps.ledger.domain import EntryDraft, credit, debit
from apps.ledger.domain.periods import PeriodState
from apps.ledger.domain.reversals import ReasonCode, ReversalPart
from apps.ledger.models import Period
from apps.ledger.selectors import account_balance, books_violations, journal_entry
from apps.ledger.selectors.reversals import open_legs
from apps.ledger.services import close_period, open_fiscal_year, post_entry, reverse_entry
from apps.ledger.services.posting import Instruction, write
from apps.platform import clock
from apps.platform.actors import SYSTEM, Actor
from apps.platform.ids import new_id, public_id
from apps.tenancy.models import Tenant
from tests.ledger.conftest import draft, image, kes, usd

#: Already 3 March in Nairobi.
LATE_EVENING = datetime(2026, 3, 2, 22, 0, tzinfo=UTC)


@pytest.fixture
def posted(books: Tenant, amina: Actor) -> UUID:
    made = draft(
        debit("9100", kes(9)),
        credit("9500.one", kes(9)),
        debit("9200", usd(4)),
        credit("9700", usd(4)),
    )
    return post_entry(draft=made, idempotency_key="k1", actor=amina).entry_id


def test_a_reversal_is_a_new_entry_with_the_sides_exchanged(posted: UUID, brian: Actor) -> None:
    before = journal_entry(posted)
    with clock.reading(lambda: LATE_EVENING):
        receipt = reverse_entry(
            entry_id=posted, reason="Wrong customer", idempotency_key="r1", actor=brian
        )
    reversal = journal_entry(receipt.entry_id)
    assert (reversal.kind, reversal.description) == ("reversal", "Wrong customer")
    assert (reversal.reverses, reversal.value_date) == (posted, date(2026, 3, 3))
    assert [(p.account, p.side.opposite, p.amount) for p in reversal.postings] == [
        (p.account, p.side, p.amount) for p in before.postings
    ]
    assert {account_balance(p.account).balance.minor for p in before.postings} == {0}
    assert journal_entry(posted).reversed_by == receipt.entry_id
    assert journal_entry(posted).digest == before.digest
    assert books_violations() == []


def test_the_same_request_is_a_replay_even_on_another_day(posted: UUID, brian: Actor) -> None:
    first = reverse_entry(entry_id=posted, reason="Wrong", idempotency_key="r1", actor=brian)
    before = image()
    with clock.reading(lambda: datetime(2027, 1, 1, tzinfo=UTC)):
        again = reverse_entry(entry_id=posted, reason="Wrong", idempotency_key="r1", actor=brian)
    assert again.is_replay
    assert (again.entry_id, again.balances) == (first.entry_id, first.balances)
    assert image() == before


def test_an_entry_is_reversed_once(posted: UUID, brian: Actor) -> None:
    first = reverse_entry(entry_id=posted, reason="Wrong", idempotency_key="r1", actor=brian)
    before = image()
    with pytest.raises(errors.AlreadyReversed) as refusal:
        reverse_entry(entry_id=posted, reason="Wrong", idempotency_key="r2", actor=brian)
    assert refusal.value.facts == {
        "entry_id": public_id("je", posted),
        "reversed_by": public_id("je", first.entry_id),
    }
    with pytest.raises(errors.IdempotencyKeyReused):
        reverse_entry(entry_id=posted, reason="Other", idempotency_key="r1", actor=brian)
    assert image() == before


def test_a_reversal_may_itself_be_reversed(posted: UUID, brian: Actor) -> None:
    first = reverse_entry(entry_id=posted, reason="Wrong", idempotency_key="r1", actor=brian)
    reverse_entry(entry_id=first.entry_id, reason="Right", idempotency_key="r2", actor=brian)
    assert account_balance("9100").balance == kes(9)
    assert books_violations() == []


def test_money_that_has_moved_on_is_not_taken_back(posted: UUID, brian: Actor) -> None:
    paid = draft(debit("9500.one", kes(9)), credit("9100", kes(9)))
    post_entry(draft=paid, idempotency_key="k2", actor=brian)
    before = image()
    with pytest.raises(errors.InsufficientFunds):
        reverse_entry(entry_id=posted, reason="Wrong", idempotency_key="r1", actor=brian)
    assert image() == before


def test_what_is_not_there_is_not_reversed(books: Tenant, brian: Actor) -> None:
    nothing = new_id()
    with pytest.raises(errors.EntryNotFound) as refusal:
        reverse_entry(entry_id=nothing, reason="Wrong", idempotency_key="r1", actor=brian)
    assert refusal.value.entry_id == public_id("je", nothing)


def taken(entry_id: UUID) -> list[tuple[str, int]]:
    return [(leg.account, leg.amount.minor) for leg in journal_entry(entry_id).postings]


def test_parts_are_taken_back_until_nothing_remains(posted: UUID, brian: Actor) -> None:
    def take(key: str, part: ReversalPart) -> UUID:
        return reverse_entry(
            entry_id=posted,
            reason="Part",
            reason_code=ReasonCode.WRONG_AMOUNT,
            part=part,
            idempotency_key=key,
            actor=brian,
        ).entry_id

    first = take("p1", ReversalPart(share_ppm=500_000))
    assert taken(first) == [("9100", 4), ("9500.one", 4), ("9200", 2), ("9700", 2)]
    assert journal_entry(first).reason == "wrong_amount"
    second = take("p2", ReversalPart(amount=kes(3)))
    assert taken(second) == [("9100", 3), ("9500.one", 3)]
    assert take("p1", ReversalPart(share_ppm=500_000)) == first
    before = image()
    for part in (
        ReversalPart(amount=kes(3)),
        ReversalPart(legs={1: 3, 2: 3}),
        ReversalPart(legs={9: 1}),
        ReversalPart(share_ppm=500_000),
    ):
        with pytest.raises(errors.ReversalExceedsRemaining):
            take("p3", part)
    for part in (ReversalPart(legs={}), ReversalPart(legs={1: 0})):
        with pytest.raises(errors.NothingToReverse):
            take("p3", part)
    with pytest.raises(errors.UnbalancedEntry):
        take("p3", ReversalPart(legs={1: 2, 2: 1}))
    assert image() == before
    third = take("p4", ReversalPart(legs={1: 1, 2: 1}))
    assert journal_entry(posted).reversed_by is None
    last = take("p5", ReversalPart())
    assert taken(last) == [("9100", 1), ("9500.one", 1), ("9200", 2), ("9700", 2)]
    whole = journal_entry(posted)
    assert (whole.reversed_by, whole.reversals) == (last, (first, second, third, last))
    with pytest.raises(errors.AlreadyReversed):
        take("p6", ReversalPart(amount=kes(1)))
    assert account_balance("9100").balance == kes(0)
    assert books_violations() == []


def test_a_part_is_shared_out_over_what_remains_of_the_legs(books: Tenant, brian: Actor) -> None:
    made = draft(
        debit("9100", kes(10)),
        credit("9500.one", kes(7)),
        credit("9500.two", kes(2)),
        credit("9500.one", kes(1)),
    )
    entry = post_entry(draft=made, idempotency_key="k1", actor=brian).entry_id
    for number in range(10):
        reverse_entry(
            entry_id=entry,
            reason="Bit by bit",
            part=ReversalPart(amount=kes(1)),
            idempotency_key=f"p{number}",
            actor=brian,
        )
    assert {leg.remaining.minor for leg in open_legs(entry)} == {0}
    assert {account_balance(leg).balance for leg in ("9500.one", "9500.two")} == {kes(0)}


def test_the_database_counts_what_is_taken_back(posted: UUID, brian: Actor) -> None:
    """Around the code: a reversal of more than there is, and one of another account."""
    for number, legs in enumerate(
        (
            [credit("9100", kes(10)), debit("9900", kes(10))],
            [debit("9100", kes(1)), credit("9500.one", kes(1))],
        )
    ):
        over = EntryDraft(
            kind="reversal", description="x", value_date=date(2026, 3, 2), postings=legs
        )
        with pytest.raises(DatabaseError, match="more of"), transaction.atomic():
            write(
                [
                    Instruction(
                        draft=over,
                        idempotency_key=f"o{number}",
                        fingerprint=over.fingerprint(),
                        reverses_id=posted,
                    )
                ],
                brian,
            )
            connection.check_constraints()


def test_a_reversal_into_a_closed_period_counts_on_the_first_open_day(
    posted: UUID, brian: Actor
) -> None:
    open_fiscal_year(starts=date(2026, 1, 1), actor=SYSTEM)
    for month in (1, 2, 3):
        row = Period.objects.get(starts=date(2026, month, 1))
        close_period(period_id=row.id, to_state=PeriodState.SOFT_CLOSED, actor=SYSTEM)
    receipt = reverse_entry(
        entry_id=posted,
        reason="Late",
        value_date=date(2026, 3, 5),
        idempotency_key="r1",
        actor=brian,
    )
    entry = journal_entry(receipt.entry_id)
    assert (entry.value_date, entry.reason) == (date(2026, 4, 1), "correction")
    assert entry.metadata["late"] == {"value_date": "2026-03-05"}
