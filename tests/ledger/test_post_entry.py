"""Posting an entry: what it moves, what it refuses, and that a repetition moves nothing."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from apps.ledger import errors
from apps.ledger.domain import AccountStatus, EntryDraft, credit, debit
from apps.ledger.selectors import account_balance, books_violations, entry_of_source, journal_entry
from apps.ledger.services import change_account_status, post_entry
from apps.platform import clock
from apps.platform.actors import Actor
from apps.platform.errors import DomainError
from apps.platform.models import AuditRecord, OutboxMessage
from apps.platform.money import MINOR_MAX
from apps.tenancy.models import Tenant
from tests.ledger.conftest import VALUE_DATE, draft, image, kes, usd

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


def sale(**facts: object) -> EntryDraft:
    return draft(
        debit("9100", kes(1000)), credit("9900", kes(150)), credit("9500.one", kes(850)), **facts
    )


def test_an_entry_moves_every_account_it_names(books: Tenant, amina: Actor) -> None:
    made = sale(source_event="evt-1", metadata={"order": "A-1"})
    with clock.reading(lambda: NOON):
        receipt = post_entry(draft=made, idempotency_key="k1", actor=amina)
    assert (receipt.is_replay, receipt.posted_at, receipt.value_date) == (False, NOON, VALUE_DATE)
    assert receipt.balances == {"9100": kes(1000), "9900": kes(150), "9500.one": kes(850)}

    entry = journal_entry(receipt.entry_id)
    assert entry == entry_of_source("evt-1", "test.sale")
    assert (entry.actor, entry.metadata, entry.reversed_by) == (str(amina), {"order": "A-1"}, None)
    assert [
        (p.leg, p.account, p.side, p.amount.minor, p.account_version) for p in entry.postings
    ] == [
        (1, "9100", "debit", 1000, 1),
        (2, "9900", "credit", 150, 1),
        (3, "9500.one", "credit", 850, 1),
    ]
    held = account_balance("9500.one")
    assert (held.debits, held.credits, held.balance, held.version) == (
        kes(0),
        kes(850),
        kes(850),
        1,
    )
    assert books_violations() == []


def test_an_entry_is_announced_once_and_audited(books: Tenant, amina: Actor) -> None:
    receipt = post_entry(draft=sale(), idempotency_key="k1", actor=amina)
    post_entry(draft=sale(), idempotency_key="k1", actor=amina)
    message = OutboxMessage.objects.get(name="ledger.entry_posted")
    assert message.payload == {
        "entry_id": str(receipt.entry_id),
        "kind": "test.sale",
        "value_date": "2026-03-02",
        "totals": [{"amount_minor": 1000, "currency": "KES"}],
        "source_event": "",
        "reverses_id": None,
    }
    assert AuditRecord.objects.get(use_case="ledger.post_entry").subject == message.aggregate


def test_the_same_key_and_draft_answer_with_the_first_receipt(books: Tenant, amina: Actor) -> None:
    with clock.reading(lambda: NOON):
        first = post_entry(draft=sale(), idempotency_key="k1", actor=amina)
    post_entry(draft=sale(), idempotency_key="k2", actor=amina)
    before = image()
    again = post_entry(draft=sale(), idempotency_key="k1", actor=amina)
    assert again.is_replay
    assert (again.entry_id, again.posted_at, again.balances) == (
        first.entry_id,
        first.posted_at,
        first.balances,
    )
    assert image() == before


def test_one_account_on_both_sides_counts_both(books: Tenant, amina: Actor) -> None:
    """The limits are held at the end of the entry, not after each leg."""
    made = draft(
        debit("9500.one", kes(30)),
        credit("9100", kes(30)),
        credit("9500.one", kes(40)),
        debit("9100", kes(40)),
    )
    receipt = post_entry(draft=made, idempotency_key="k1", actor=amina)
    assert receipt.balances == {"9500.one": kes(10), "9100": kes(10)}
    assert account_balance("9500.one").version == 2
    assert books_violations() == []


REFUSALS = [
    (draft(debit("9100", kes(5)), credit("none", kes(5))), errors.UnknownAccount,
     {"leg": 2, "account": "none"}),
    (draft(debit("9500", kes(5)), credit("9900", kes(5))), errors.HeaderAccount,
     {"leg": 1, "account": "9500"}),
    (draft(debit("9200", kes(5)), credit("9900", kes(5))), errors.CurrencyMismatch,
     {"leg": 1, "account": "9200", "account_currency": "USD", "posting_currency": "KES"}),
    (draft(debit("9500.one", kes(5)), credit("9900", kes(5))), errors.InsufficientFunds,
     {"account": "9500.one", "currency": "KES", "short_minor": 5}),
    (draft(debit("9100", kes(50_001)), credit("9600", kes(50_001))), errors.CeilingExceeded,
     {"account": "9600", "currency": "KES", "over_minor": 1}),
    (draft(debit("9100", kes(5)), credit("9900", kes(4))), errors.UnbalancedEntry,
     {"currency": "KES", "debits_minor": 5, "credits_minor": 4}),
]  # fmt: skip


@pytest.mark.parametrize(("made", "error", "facts"), REFUSALS, ids=lambda value: str(value)[:30])
def test_a_refusal_says_why_and_leaves_every_row_as_it_was(
    books: Tenant,
    amina: Actor,
    made: EntryDraft,
    error: type[DomainError],
    facts: dict[str, object],
) -> None:
    post_entry(
        draft=draft(debit("9100", kes(1)), credit("9900", kes(1))),
        idempotency_key="k0",
        actor=amina,
    )
    before = image()
    with pytest.raises(error) as refusal:
        post_entry(draft=made, idempotency_key="k1", actor=amina)
    assert refusal.value.facts == facts
    assert refusal.value.advice
    assert image() == before
    # The key is free again: the corrected request may use it.
    post_entry(draft=sale(), idempotency_key="k1", actor=amina)


@pytest.mark.parametrize(
    ("status", "refuses_debit", "refuses_credit"),
    [
        (AccountStatus.OPEN, None, None),
        (AccountStatus.FROZEN_DEBIT, errors.AccountFrozen, None),
        (AccountStatus.FROZEN_CREDIT, None, errors.AccountFrozen),
        (AccountStatus.FROZEN, errors.AccountFrozen, errors.AccountFrozen),
        (AccountStatus.CLOSED, errors.AccountClosed, errors.AccountClosed),
    ],
)
def test_the_status_says_which_sides_an_account_takes(
    books: Tenant,
    amina: Actor,
    status: AccountStatus,
    refuses_debit: type[DomainError] | None,
    refuses_credit: type[DomainError] | None,
) -> None:
    change_account_status(code="9100", status=status, reason="test", actor=amina)
    for key, made, refusal in [
        ("debit", draft(debit("9100", kes(1)), credit("9900", kes(1))), refuses_debit),
        ("credit", draft(credit("9100", kes(1)), debit("9900", kes(1))), refuses_credit),
    ]:
        before = image()
        if refusal is None:
            post_entry(draft=made, idempotency_key=key, actor=amina)
            assert image() != before
        else:
            with pytest.raises(refusal):
                post_entry(draft=made, idempotency_key=key, actor=amina)
            assert image() == before


def test_the_first_broken_rule_by_precedence_is_told_whatever_the_order_of_legs(
    books: Tenant, amina: Actor
) -> None:
    change_account_status(code="9100", status=AccountStatus.CLOSED, reason="test", actor=amina)
    change_account_status(code="9110", status=AccountStatus.FROZEN, reason="test", actor=amina)
    broken = [
        (credit("none", kes(1)), errors.UnknownAccount),
        (credit("9500", kes(1)), errors.HeaderAccount),
        (credit("9100", kes(1)), errors.AccountClosed),
        (credit("9110", kes(1)), errors.AccountFrozen),
        (credit("9200", kes(1)), errors.CurrencyMismatch),
        (debit("9500.one", kes(1)), errors.InsufficientFunds),
        (credit("9600", kes(50_001)), errors.CeilingExceeded),
    ]
    for number in range(len(broken)):
        legs = [leg for leg, _ in reversed(broken[number:])]
        debits = sum(leg.amount.minor for leg in legs if leg.side == "debit")
        credits = sum(leg.amount.minor for leg in legs if leg.side == "credit")
        balancing = (debit if credits > debits else credit)("9900", kes(abs(credits - debits)))
        with pytest.raises(broken[number][1]):
            post_entry(draft=draft(*legs, balancing), idempotency_key="k", actor=amina)


def test_a_key_belongs_to_one_draft(books: Tenant, amina: Actor) -> None:
    post_entry(draft=sale(), idempotency_key="k1", actor=amina)
    before = image()
    for other in [
        sale(description="Another"),
        draft(debit("none", kes(1)), credit("9900", kes(1))),
    ]:
        with pytest.raises(errors.IdempotencyKeyReused) as refusal:
            post_entry(draft=other, idempotency_key="k1", actor=amina)
        assert refusal.value.facts == {"idempotency_key": "k1"}
    assert image() == before


def test_a_source_event_has_one_entry_of_each_kind(books: Tenant, amina: Actor) -> None:
    first = post_entry(draft=sale(source_event="evt"), idempotency_key="k1", actor=amina)
    before = image()
    with pytest.raises(errors.DuplicateSourceEvent) as refusal:
        post_entry(draft=sale(source_event="evt"), idempotency_key="k2", actor=amina)
    facts = refusal.value.facts
    assert (facts["source_event"], facts["entry_kind"]) == ("evt", "test.sale")
    assert facts["entry_id"].startswith("je_")
    assert image() == before
    other = sale(source_event="evt", kind="test.fee")
    assert post_entry(draft=other, idempotency_key="k3", actor=amina).entry_id != first.entry_id


def test_sums_that_outgrow_64_bits_are_refused(books: Tenant, amina: Actor) -> None:
    huge = draft(debit("9200", usd(MINOR_MAX)), credit("9700", usd(MINOR_MAX)))
    post_entry(draft=huge, idempotency_key="k1", actor=amina)
    before = image()
    with pytest.raises(errors.BalanceOverflow) as refusal:
        post_entry(
            draft=draft(debit("9200", usd(1)), credit("9700", usd(1))),
            idempotency_key="k2",
            actor=amina,
        )
    assert refusal.value.facts == {"account": "9200"}
    assert image() == before


def test_posting_takes_a_key(books: Tenant, amina: Actor) -> None:
    with pytest.raises(ValueError, match="key"):
        post_entry(draft=sale(), idempotency_key="", actor=amina)
