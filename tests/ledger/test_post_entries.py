"""Posting many entries at once."""

from __future__ import annotations

import pytest

from apps.ledger import errors
from apps.ledger.domain import credit, debit
from apps.ledger.selectors import account_balance, books_violations, journal_entry
from apps.ledger.services import post_entries, post_entry
from apps.platform.actors import Actor
from apps.platform.models import OutboxMessage
from apps.tenancy.models import Tenant
from tests.ledger.conftest import draft, image, kes, usd


def in_and_out(minor: int) -> dict[str, object]:
    return {
        "in": draft(debit("9100", kes(minor)), credit("9500.one", kes(minor))),
        "out": draft(debit("9500.one", kes(minor)), credit("9100", kes(minor))),
    }


def test_many_entries_are_posted_in_their_order(books: Tenant, amina: Actor) -> None:
    drafts = {
        f"k{n}": draft(
            debit("9100", kes(n)),
            credit("9500.one", kes(n)),
            debit("9200", usd(1)),
            credit("9700", usd(1)),
        )
        for n in range(1, 51)
    }
    receipts = post_entries(drafts=drafts, actor=amina)
    assert [r.balances["9100"].minor for r in receipts] == [n * (n + 1) // 2 for n in range(1, 51)]
    assert account_balance("9200").version == 50
    assert [p.leg for p in journal_entry(receipts[7].entry_id).postings] == [1, 2, 3, 4]
    assert OutboxMessage.objects.filter(name="ledger.entry_posted").count() == 50
    assert books_violations() == []


def test_limits_hold_after_each_entry_not_only_at_the_end(books: Tenant, amina: Actor) -> None:
    drafts = in_and_out(10)
    post_entries(drafts=drafts, actor=amina)  # type: ignore[arg-type]
    assert account_balance("9500.one").balance == kes(0)
    before = image()
    with pytest.raises(errors.InsufficientFunds) as refusal:
        post_entries(
            drafts={"out2": drafts["out"], "in2": drafts["in"]},  # type: ignore[dict-item]
            actor=amina,
        )
    assert refusal.value.short_minor == 10
    assert image() == before


def test_one_bad_entry_refuses_all(books: Tenant, amina: Actor) -> None:
    before = image()
    good = draft(debit("9100", kes(5)), credit("9900", kes(5)))
    bad = draft(debit("9100", kes(5)), credit("nowhere", kes(5)))
    with pytest.raises(errors.UnknownAccount) as refusal:
        post_entries(drafts={"a": good, "b": bad, "c": good}, actor=amina)
    assert refusal.value.facts == {"leg": 2, "account": "nowhere"}
    assert image() == before


def test_an_entry_in_another_accounts_currency_refuses_all(books: Tenant, amina: Actor) -> None:
    good = draft(debit("9100", kes(5)), credit("9900", kes(5)))
    bad = draft(debit("9200", kes(5)), credit("9900", kes(5)))
    with pytest.raises(errors.CurrencyMismatch) as refusal:
        post_entries(drafts={"a": good, "b": bad}, actor=amina)
    assert refusal.value.facts["account"] == "9200"


def test_known_keys_are_replays_among_new_entries(books: Tenant, amina: Actor) -> None:
    made = draft(debit("9100", kes(5)), credit("9900", kes(5)))
    first = post_entry(draft=made, idempotency_key="b", actor=amina)
    receipts = post_entries(drafts={"a": made, "b": made, "c": made}, actor=amina)
    assert [r.is_replay for r in receipts] == [False, True, False]
    assert (receipts[1].entry_id, receipts[1].balances) == (first.entry_id, first.balances)
    before = image()
    again = post_entries(drafts={"a": made, "b": made, "c": made}, actor=amina)
    assert [r.entry_id for r in again] == [r.entry_id for r in receipts]
    assert all(r.is_replay for r in again)
    assert image() == before


def test_a_refusal_among_replays_looks_only_at_what_is_new(books: Tenant, amina: Actor) -> None:
    paid_in = draft(debit("9100", kes(5)), credit("9500.one", kes(5)))
    post_entry(draft=paid_in, idempotency_key="a", actor=amina)
    out = draft(debit("9500.one", kes(8)), credit("9100", kes(8)))
    with pytest.raises(errors.InsufficientFunds) as refusal:
        post_entries(drafts={"a": paid_in, "b": out}, actor=amina)
    assert refusal.value.short_minor == 3


def test_a_reused_key_or_source_refuses_all(books: Tenant, amina: Actor) -> None:
    made = draft(debit("9100", kes(5)), credit("9900", kes(5)), source_event="evt")
    plain = draft(debit("9100", kes(5)), credit("9900", kes(5)))
    post_entry(draft=made, idempotency_key="a", actor=amina)
    before = image()
    with pytest.raises(errors.IdempotencyKeyReused):
        post_entries(drafts={"z": plain, "a": plain}, actor=amina)
    with pytest.raises(errors.DuplicateSourceEvent):
        post_entries(drafts={"z": plain, "y": made}, actor=amina)
    with pytest.raises(errors.DuplicateSourceEvent):
        other = draft(debit("9100", kes(1)), credit("9900", kes(1)), source_event="new")
        post_entries(drafts={"x": other, "y": other}, actor=amina)
    assert image() == before


def test_no_entries_is_no_work(books: Tenant, amina: Actor) -> None:
    before = image()
    assert post_entries(drafts={}, actor=amina) == []
    assert image() == before
