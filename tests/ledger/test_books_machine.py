"""A small ledger in plain Python predicts what the real one answers, whatever is asked of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import chain
from typing import TypeVar
from uuid import UUID

import pytest
from django.db import connection, transaction
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from apps.ledger import errors
from apps.ledger.domain import AccountStatus, EntryDraft, PostingDraft, Side
from apps.ledger.selectors import account_balance, books_violations, trial_balance
from apps.ledger.services import change_account_status, post_entries, post_entry, reverse_entry
from apps.platform.actors import SYSTEM
from apps.platform.errors import DomainError
from apps.platform.money import Money
from apps.tenancy.models import Tenant
from tests.ledger.conftest import VALUE_DATE

R = TypeVar("R")


@dataclass
class ModelAccount:
    """A balance on the normal side; ``sign`` is +1 when debits make it grow."""

    currency: str
    sign: int
    floor: int | None = None
    ceiling: int | None = None
    status: str = "open"
    balance: int = 0
    postings: int = 0

    def takes(self, side: Side) -> bool:
        return self.status in ("open", f"frozen_{side.opposite}")


@dataclass
class ModelLedger:
    """Legs are (account, side, minor, currency). Answers with the refusal, or posts."""

    accounts: dict[str, ModelAccount]
    entries: dict[str, list[tuple[str, Side, int, str]]] = field(default_factory=dict)

    def refusal(self, batch: list[list[tuple[str, Side, int, str]]]) -> type[DomainError] | None:
        held = {code: account.balance for code, account in self.accounts.items()}
        found: list[type[DomainError]] = []
        for legs in batch:
            for code, side, minor, currency in legs:
                found += self._refusal_of_leg(code, side, currency)
                if code in held:
                    held[code] += self.accounts[code].sign * side.sign * minor
            for code in {leg[0] for leg in legs} & held.keys():
                account = self.accounts[code]
                if account.floor is not None and held[code] < account.floor:
                    found.append(errors.InsufficientFunds)
                if account.ceiling is not None and held[code] > account.ceiling:
                    found.append(errors.CeilingExceeded)
        return min(found, key=PRECEDENCE.index, default=None)

    def _refusal_of_leg(self, code: str, side: Side, currency: str) -> list[type[DomainError]]:
        if code == "9500":
            return [errors.HeaderAccount]
        account = self.accounts.get(code)
        if account is None:
            return [errors.UnknownAccount]
        if account.status == "closed":
            return [errors.AccountClosed]
        if not account.takes(side):
            return [errors.AccountFrozen]
        return [errors.CurrencyMismatch] if account.currency != currency else []

    def post(self, key: str, legs: list[tuple[str, Side, int, str]]) -> None:
        self.entries[key] = legs
        for code, side, minor, _ in legs:
            self.accounts[code].balance += self.accounts[code].sign * side.sign * minor
            self.accounts[code].postings += 1


PRECEDENCE: list[type[DomainError]] = [
    errors.UnknownAccount,
    errors.HeaderAccount,
    errors.AccountClosed,
    errors.AccountFrozen,
    errors.CurrencyMismatch,
    errors.InsufficientFunds,
    errors.CeilingExceeded,
]
CHART: dict[str, Callable[[], ModelAccount]] = {
    "9100": lambda: ModelAccount("KES", 1),
    "9110": lambda: ModelAccount("KES", 1, floor=0),
    "9200": lambda: ModelAccount("USD", 1),
    "9500.one": lambda: ModelAccount("KES", -1, floor=0),
    "9600": lambda: ModelAccount("KES", -1, ceiling=50_000),
    "9700": lambda: ModelAccount("USD", -1),
    "9900": lambda: ModelAccount("KES", -1),
}
codes = st.sampled_from([*CHART] * 4 + ["9500", "nowhere"])
legs_of_one_currency = st.builds(
    lambda code, currency, shares, side: (
        [(code, side, sum(minor for _, minor in shares), currency)]
        + [(other, side.opposite, minor, currency) for other, minor in shares]
    ),
    codes,
    st.sampled_from(["KES", "KES", "KES", "USD"]),
    st.lists(st.tuples(codes, st.integers(1, 30_000)), min_size=1, max_size=4),
    st.sampled_from(list(Side)),
)
entry_legs = st.lists(legs_of_one_currency, min_size=1, max_size=2).map(
    lambda some: list(chain(*some))
)


def told(expected: type[DomainError] | None, ask: Callable[[], R]) -> R | None:
    """The answer, or nothing when the refusal that the model expects was given instead."""
    if expected is None:
        return ask()
    with pytest.raises(DomainError) as refusal:
        ask()
    assert refusal.type is expected
    return None


class Books(RuleBasedStateMachine):
    """Every answer of the real ledger is the one the model gives."""

    def __init__(self) -> None:
        super().__init__()
        self.model = ModelLedger({code: make() for code, make in CHART.items()})
        self.posted: dict[str, UUID] = {}
        self.reversed: set[str] = set()
        self.example = transaction.atomic()
        self.example.__enter__()

    def teardown(self) -> None:
        connection.check_constraints()
        assert books_violations() == []
        transaction.set_rollback(True)
        self.example.__exit__(None, None, None)

    def _draft(self, legs: list[tuple[str, Side, int, str]]) -> EntryDraft:
        return EntryDraft(
            description="By the machine",
            kind="test.machine",
            value_date=VALUE_DATE + timedelta(days=sum(minor for _, _, minor, _ in legs) % 60 - 30),
            postings=[PostingDraft(c, side, Money(minor, cur)) for c, side, minor, cur in legs],
        )

    @rule(legs=entry_legs)
    def post(self, legs: list[tuple[str, Side, int, str]]) -> None:
        self._try({f"k{len(self.posted)}": legs}, many=False)

    @rule(batch=st.lists(entry_legs, min_size=2, max_size=4))
    def post_many(self, batch: list[list[tuple[str, Side, int, str]]]) -> None:
        start = len(self.posted)
        self._try({f"k{start + n}": legs for n, legs in enumerate(batch)}, many=True)

    def _try(self, keyed: dict[str, list[tuple[str, Side, int, str]]], *, many: bool) -> None:
        expected = self.model.refusal(list(keyed.values()))
        drafts = {key: self._draft(legs) for key, legs in keyed.items()}
        if many:
            receipts = told(expected, lambda: post_entries(drafts=drafts, actor=SYSTEM))
        else:
            ((key, made),) = drafts.items()
            receipts = told(
                expected, lambda: [post_entry(draft=made, idempotency_key=key, actor=SYSTEM)]
            )
        if receipts is None:
            return
        for (key, legs), receipt in zip(keyed.items(), receipts, strict=True):
            self.model.post(key, legs)
            self.posted[key] = receipt.entry_id
            assert {code: money.minor for code, money in receipt.balances.items()} == {
                code: self.model.accounts[code].balance for code, *_ in legs
            }

    @precondition(lambda self: self.posted)
    @rule(data=st.data())
    def replay(self, data: st.DataObject) -> None:
        key = data.draw(st.sampled_from([k for k in self.posted if not k.endswith("-r")]))
        receipt = post_entry(
            draft=self._draft(self.model.entries[key]), idempotency_key=key, actor=SYSTEM
        )
        assert receipt.is_replay
        assert receipt.entry_id == self.posted[key]

    @precondition(lambda self: self.posted)
    @rule(data=st.data())
    def reverse(self, data: st.DataObject) -> None:
        key = data.draw(st.sampled_from(sorted(self.posted)))
        opposite = [
            (c, side.opposite, minor, cur) for c, side, minor, cur in self.model.entries[key]
        ]
        expected = (
            errors.AlreadyReversed if key in self.reversed else self.model.refusal([opposite])
        )
        name = f"{key}-r" if key not in self.reversed else f"{key}-again"
        receipt = told(
            expected,
            lambda: reverse_entry(
                entry_id=self.posted[key], reason="x", idempotency_key=name, actor=SYSTEM
            ),
        )
        if receipt is None:
            return
        self.model.post(name, opposite)
        self.posted[name] = receipt.entry_id
        self.reversed.add(key)

    @rule(code=st.sampled_from(sorted(CHART)), status=st.sampled_from(list(AccountStatus)))
    def change_status(self, code: str, status: AccountStatus) -> None:
        account = self.model.accounts[code]
        is_refused = status == "closed" and account.status != "closed" and account.balance != 0
        try:
            change_account_status(code=code, status=status, reason="x", actor=SYSTEM)
        except errors.AccountNotEmpty:
            assert is_refused
            return
        assert not is_refused
        account.status = status.value

    @rule()
    def thaw_all(self) -> None:
        for code, account in self.model.accounts.items():
            change_account_status(code=code, status=AccountStatus.OPEN, reason="x", actor=SYSTEM)
            account.status = "open"

    @invariant()
    def balances_are_those_of_the_model(self) -> None:
        for code, account in self.model.accounts.items():
            row = account_balance(code)
            assert (row.balance.minor, row.version) == (account.balance, account.postings)
        assert trial_balance().is_balanced


def test_the_ledger_answers_as_its_model(books: Tenant) -> None:
    run_state_machine_as_test(
        Books,
        settings=settings(
            max_examples=25,
            stateful_step_count=25,
            deadline=None,
            suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
        ),
    )
