"""Entries posted together, each or each group with an outcome of its own; dry runs; refusals."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from apps.ledger import errors
from apps.ledger.domain import EntryDraft, EntryOutcome, PostingDraft, Precondition, credit, debit
from apps.ledger.models import Refusal
from apps.ledger.selectors import books_violations
from apps.ledger.services import post_each, post_entries, post_entry, rehearse_entries, stop_posting
from apps.ledger.services.approval_rules import save_approval_rule
from apps.platform.actors import SYSTEM, Actor
from apps.platform.errors import DomainError
from apps.tenancy.models import Tenant
from tests.ledger.conftest import draft, image, kes

ACCOUNTS = ["9100", "9110", "9500.one", "9500.two", "9600", "9900", "9200", "nowhere"]
#: Some legs cannot be posted at all, many only while there is money.
LEGS = st.tuples(st.sampled_from(ACCOUNTS), st.sampled_from(ACCOUNTS), st.integers(1, 40_000))
CALLS = st.lists(st.tuples(LEGS, st.sampled_from([None, "a", "b"])), min_size=1, max_size=8)


def pay(source: str, target: str, minor: int, **facts: object) -> EntryDraft:
    return draft(debit(target, kes(minor)), credit(source, kes(minor)), **facts)


def told(outcomes: list[EntryOutcome]) -> list[str]:
    return [one.refusal.code.removeprefix("ledger/") if one.refusal else "" for one in outcomes]


def one_after_another(
    drafts: Mapping[str, EntryDraft], groups: Mapping[str, str], actor: Actor
) -> dict[str, str]:
    """What ``post_each`` promises to be equal to: each group by itself, in a savepoint."""
    codes: dict[str, str] = {}
    for first in drafts:
        if first in codes:
            continue
        group = [key for key in drafts if groups.get(key, key) == groups.get(first, first)]
        codes |= dict.fromkeys(group, "")
        try:
            with transaction.atomic():
                for key in group:
                    culprit = key
                    post_entry(draft=drafts[key], idempotency_key=key, actor=actor)
        except DomainError as refusal:
            codes |= dict.fromkeys(group, "linked-entry-refused")
            codes[culprit] = refusal.code.removeprefix("ledger/")
    return codes


def test_outcomes_are_those_of_posting_one_after_another(books: Tenant, amina: Actor) -> None:
    @settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
    @given(CALLS)
    def law(calls: list[tuple[tuple[str, str, int], str | None]]) -> None:
        drafts = {f"k{n}": pay(*legs) for n, (legs, _) in enumerate(calls)}
        groups = {f"k{n}": group for n, (_, group) in enumerate(calls) if group}
        images = []
        with transaction.atomic():
            expected = one_after_another(drafts, groups, amina)
            images.append({t: h for t, h in image().items() if t == "ledger_account_balance"})
            transaction.set_rollback(True)
        before = image()
        rehearsed = rehearse_entries(drafts=drafts, groups=groups, actor=amina)
        assert image() == before
        assert not Refusal.objects.exists()
        with transaction.atomic():
            outcomes = post_each(drafts=drafts, groups=groups, actor=amina)
            assert dict(zip(drafts, told(outcomes), strict=True)) == expected
            assert told(rehearsed) == told(outcomes)
            assert [one.receipt and one.receipt.balances for one in rehearsed] == [
                one.receipt and one.receipt.balances for one in outcomes
            ]
            images.append({t: h for t, h in image().items() if t == "ledger_account_balance"})
            # Done again, what was posted is a replay and what was refused for good stays refused.
            again = post_each(drafts=drafts, groups=groups, actor=amina)
            for first, second in zip(outcomes, again, strict=True):
                if first.receipt:
                    assert second.receipt
                    assert second.receipt.is_replay
                    assert second.receipt.entry_id == first.receipt.entry_id
                else:
                    assert second.refusal
            assert books_violations() == []
            transaction.set_rollback(True)
        assert images[0] == images[1]

    law()


def test_a_final_refusal_is_the_answer_from_then_on(books: Tenant, amina: Actor) -> None:
    out = pay("9110", "9100", 10)
    for attempt in range(3):
        with pytest.raises(errors.InsufficientFunds) as refused:
            post_entry(draft=out, idempotency_key="k", actor=amina, is_refusal_kept=True)
        assert (refused.value.short_minor, refused.value.is_replay) == (10, attempt > 0)
        post_entry(draft=pay("9900", "9110", 50), idempotency_key=f"in{attempt}", actor=amina)
    kept = Refusal.objects.get()
    assert (kept.code, kept.facts["short_minor"], kept.actor) == (
        "ledger/insufficient-funds",
        10,
        str(amina),
    )
    before = image()
    [outcome] = post_each(drafts={"k": out}, actor=amina)
    assert outcome.refusal
    assert (outcome.refusal.facts, outcome.refusal.is_replay) == (refused.value.facts, True)
    with pytest.raises(errors.InsufficientFunds):
        post_entries(drafts={"new": out, "k": out}, actor=amina)
    with pytest.raises(errors.IdempotencyKeyReused):  # the key belongs to what was refused
        post_entry(draft=pay("9110", "9100", 11), idempotency_key="k", actor=amina)
    assert image() == before
    assert Refusal.objects.count() == 1
    post_entry(draft=out, idempotency_key="another", actor=amina)


def test_what_may_pass_or_the_request_says_itself_is_not_kept(books: Tenant, amina: Actor) -> None:
    post_entry(draft=pay("9900", "9100", 1), idempotency_key="taken", actor=amina)
    outcomes = post_each(
        drafts={
            "uneven": draft(debit("9100", kes(5)), credit("9900", kes(4))),
            "taken": pay("9900", "9100", 2),
            "first": pay("9900", "9100", 2),
            "second": pay("nowhere", "9100", 2),
        },
        groups={"first": "g", "second": "g"},
        actor=amina,
    )
    assert told(outcomes) == [
        "unbalanced-entry",
        "idempotency-key-reused",
        "linked-entry-refused",
        "unknown-account",
    ]
    assert outcomes[2].refusal
    assert outcomes[2].refusal.facts == {"idempotency_key": "second"}
    assert list(Refusal.objects.values_list("idempotency_key", flat=True)) == ["second"]
    stop_posting(reason="look", checks=[], actor=amina)
    with pytest.raises(errors.PostingStopped):
        post_each(drafts={"a": pay("9900", "9100", 1)}, actor=amina)
    assert Refusal.objects.count() == 1


def test_a_refusal_names_every_leg_that_is_wrong(books: Tenant, amina: Actor) -> None:
    made = draft(
        debit("9100", kes(5)), credit("nowhere", kes(2)), credit("9500", kes(2)),
        credit("9200", kes(1)),
    )  # fmt: skip
    with pytest.raises(errors.UnknownAccount) as refused:
        post_entry(draft=made, idempotency_key="k", actor=amina)
    every = [refused.value, *refused.value.others]
    assert [(one.code.removeprefix("ledger/"), one.pointer) for one in every] == [
        ("unknown-account", "/postings/1"),
        ("header-account", "/postings/2"),
        ("currency-mismatch", "/postings/3"),
    ]


def test_what_a_commit_would_refuse_refuses_its_own_entry_only(books: Tenant, amina: Actor) -> None:
    save_approval_rule(name="all", approvals=1, actor=SYSTEM)
    outcomes = post_each(
        drafts={
            "a": pay("9900", "9100", 1),
            "b": pay("9900", "9100", 1, kind="manual"),
            "c": pay("9900", "9100", 1),
        },
        actor=amina,
    )
    assert told(outcomes) == ["", "approval-required", ""]


def test_preconditions_look_at_what_stands_before_them(books: Tenant, amina: Actor) -> None:
    asked = {"preconditions": [Precondition(account="9100", min_balance_minor=7)]}
    legs: list[PostingDraft] = [debit("9900", kes(1)), credit("9100", kes(1))]
    outcomes = post_each(
        drafts={
            "too early": draft(*legs, **asked),
            "bad": pay("nowhere", "9100", 7),
            "in": pay("9900", "9100", 7),
            "now": draft(*legs, **asked),
            "too late": draft(*legs, **asked),
        },
        actor=amina,
    )
    assert told(outcomes) == [
        "precondition-failed", "unknown-account", "", "", "precondition-failed",
    ]  # fmt: skip
