"""Taking an entry back."""

from __future__ import annotations

from datetime import UTC, date, datetime
from uuid import UUID

import pytest

from apps.ledger import errors
from apps.ledger.domain import credit, debit
from apps.ledger.selectors import account_balance, books_violations, journal_entry
from apps.ledger.services import post_entry, reverse_entry
from apps.platform import clock
from apps.platform.actors import Actor
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
