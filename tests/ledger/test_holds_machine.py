"""A small model in plain Python predicts what holds do, in any order of happenings."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any
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
from apps.ledger.domain import (
    CaptureDraft,
    HoldDraft,
    HoldReason,
    PostingDraft,
    ReleaseDraft,
    Side,
)
from apps.ledger.selectors import accounts, books_violations, hold
from apps.ledger.services import capture_hold, expire_holds, place_hold, post_entry, release_hold
from apps.platform import clock
from apps.platform.actors import SYSTEM
from apps.platform.errors import DomainError
from apps.tenancy.models import Tenant
from tests.ledger.conftest import draft, kes

START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
#: code -> (sign of the debit side, floor, ceiling)
ACCOUNTS: dict[str, tuple[int, int | None, int | None]] = {
    "9100": (1, None, None),
    "9110": (1, 0, None),
    "9500.one": (-1, 0, None),
    "9500.two": (-1, 0, None),
    "9600": (-1, None, 50_000),
}
codes = st.sampled_from(sorted(ACCOUNTS))
amounts = st.integers(1, 40_000)


@dataclass
class ModelHold:
    """What is held from ``debit`` to ``credit``, and what is left of it."""

    id: UUID
    debit: str
    credit: str
    left: int
    ends: datetime | None
    status: str = "open"


@dataclass
class Model:
    """Balances on the normal side, and holds; pending amounts follow from the holds."""

    balance: dict[str, int] = field(default_factory=lambda: dict.fromkeys(ACCOUNTS, 0))
    holds: list[ModelHold] = field(default_factory=list)

    def pending(self, code: str) -> tuple[int, int]:
        """What would come in and what would go out."""
        sign = ACCOUNTS[code][0]
        moves = [(one.debit, sign, one.left) for one in self.holds]
        moves += [(one.credit, -sign, one.left) for one in self.holds]
        mine = [(way, left) for named, way, left in moves if named == code]
        return sum(n for way, n in mine if way == 1), sum(n for way, n in mine if way == -1)

    def available(self, code: str) -> int:
        """What may still go out before the floor, or zero if there is none."""
        return self.balance[code] - self.pending(code)[1] - (ACCOUNTS[code][1] or 0)

    def outward(self, debit: str, credit: str) -> list[str]:
        """Of which accounts the movement takes."""
        return [c for c, way in ((debit, 1), (credit, -1)) if ACCOUNTS[c][0] * way == -1]

    def refusal(
        self, debit: str, credit: str, minor: int, *, is_up_to: bool = False
    ) -> type[DomainError] | None:
        """Whether holding (or posting) so much breaks a floor, else a ceiling."""
        out = self.outward(debit, credit)
        for code in out:
            if (ACCOUNTS[code][1] is not None or is_up_to) and self.available(code) < minor:
                return errors.InsufficientFunds
        for code in {debit, credit} - set(out):
            ceiling = ACCOUNTS[code][2]
            if ceiling is not None and self.balance[code] + self.pending(code)[0] + minor > ceiling:
                return errors.CeilingExceeded
        return None

    def post(self, debit: str, credit: str, minor: int) -> None:
        """Move it."""
        self.balance[debit] += ACCOUNTS[debit][0] * minor
        self.balance[credit] -= ACCOUNTS[credit][0] * minor


def told(expected: type[DomainError] | None, ask: Callable[[], Any]) -> Any:
    """The answer; or nothing, when the refusal that was expected came."""
    if expected is None:
        return ask()
    with pytest.raises(DomainError) as refusal:
        ask()
    assert refusal.type is expected
    return None


class Holds(RuleBasedStateMachine):
    """Every answer is the model's, at every moment."""

    def __init__(self) -> None:
        super().__init__()
        self.model = Model()
        self.now = START
        self.number = 0
        self.example = transaction.atomic()
        self.example.__enter__()
        self.time = clock.reading(lambda: self.now)
        self.time.__enter__()

    def teardown(self) -> None:
        connection.check_constraints()
        assert books_violations() == []
        self.time.__exit__(None, None, None)
        transaction.set_rollback(True)
        self.example.__exit__(None, None, None)

    def _key(self) -> str:
        self.number += 1
        return f"k{self.number}"

    @rule(debit=codes, credit=codes, minor=amounts)
    def post(self, debit: str, credit: str, minor: int) -> None:
        if debit == credit:
            return
        made = draft(*_legs(debit, credit, minor))
        expected = self.model.refusal(debit, credit, minor)
        ask = partial(post_entry, draft=made, idempotency_key=self._key(), actor=SYSTEM)
        if told(expected, ask):
            self.model.post(debit, credit, minor)

    @rule(
        debit=codes,
        credit=codes,
        minor=amounts,
        minutes=st.none() | st.integers(1, 30),
        is_up_to=st.booleans(),
    )
    def place(
        self, debit: str, credit: str, minor: int, minutes: int | None, *, is_up_to: bool
    ) -> None:
        if debit == credit:
            return
        lifetime = None if minutes is None else timedelta(minutes=minutes)
        made = HoldDraft(
            reason=HoldReason.OTHER,
            description="By the machine",
            postings=_legs(debit, credit, minor),
            lifetime=lifetime,
            is_up_to_available=is_up_to,
        )
        if is_up_to:
            there = [self.model.available(code) for code in self.model.outward(debit, credit)]
            minor = min([minor, *(max(one, 1) for one in there)])
        expected = self.model.refusal(debit, credit, minor, is_up_to=is_up_to)
        receipt = told(
            expected, lambda: place_hold(draft=made, idempotency_key=self._key(), actor=SYSTEM)
        )
        if receipt:
            assert receipt.moved == (kes(minor),)
            ends = None if lifetime is None else self.now + lifetime
            self.model.holds.append(ModelHold(receipt.hold_id, debit, credit, minor, ends))

    @precondition(lambda self: self.model.holds)
    @rule(data=st.data(), minor=st.none() | amounts, is_final=st.booleans())
    def capture(self, data: st.DataObject, minor: int | None, *, is_final: bool) -> None:
        one = data.draw(st.sampled_from(self.model.holds))
        made = CaptureDraft(amount=None if minor is None else kes(minor), is_final=is_final)
        expected = self._closed(one)
        if expected is None and one.ends is not None and one.ends <= self.now:
            expected = errors.HoldExpired
        elif expected is None and minor is not None and minor > one.left:
            expected = errors.CaptureExceedsHold
        key = self._key()
        ask = partial(capture_hold, hold_id=one.id, draft=made, idempotency_key=key, actor=SYSTEM)
        receipt = told(expected, ask)
        if receipt is None:
            return
        taken = one.left if minor is None else minor
        self.model.post(one.debit, one.credit, taken)
        one.left = 0 if is_final else one.left - taken
        one.status = "open" if one.left else "captured"
        assert receipt.left == ((kes(one.left),) if one.left else ())
        again = ask()
        assert (again.is_replay, again.entry_id) == (True, receipt.entry_id)

    @precondition(lambda self: self.model.holds)
    @rule(data=st.data(), minor=st.none() | amounts)
    def release(self, data: st.DataObject, minor: int | None) -> None:
        one = data.draw(st.sampled_from(self.model.holds))
        made = ReleaseDraft(reason="x", amount=None if minor is None else kes(minor))
        expected = self._closed(one)
        if expected is None and minor is not None and minor > one.left:
            expected = errors.CaptureExceedsHold
        ask = partial(
            release_hold, hold_id=one.id, draft=made, idempotency_key=self._key(), actor=SYSTEM
        )
        if told(expected, ask):
            one.left = 0 if minor is None else one.left - minor
            one.status = "open" if one.left else "released"

    @rule(minutes=st.integers(1, 20))
    def wait(self, minutes: int) -> None:
        self.now += timedelta(minutes=minutes)

    @rule()
    def sweep(self) -> None:
        due = [
            one
            for one in self.model.holds
            if one.status == "open" and one.ends is not None and one.ends <= self.now
        ]
        assert expire_holds(actor=SYSTEM) == len(due)
        for one in due:
            one.left, one.status = 0, "expired"

    @staticmethod
    def _closed(one: ModelHold) -> type[DomainError] | None:
        return None if one.status == "open" else errors.HoldAlreadyClosed

    @invariant()
    def balances_are_those_of_the_model(self) -> None:
        rows = {row.account: row for row in accounts()}
        for code in ACCOUNTS:
            row = rows[code]
            found = (row.balance.minor, row.pending_in.minor, row.pending_out.minor)
            assert found == (self.model.balance[code], *self.model.pending(code))
            assert row.available.minor == found[0] - found[2]
            assert ACCOUNTS[code][1] is None or row.available.minor >= 0

    @invariant()
    def holds_are_those_of_the_model(self) -> None:
        for one in self.model.holds[-3:]:
            row = hold(one.id)
            assert (str(row.status), row.open[0].minor) == (one.status, one.left)


def _legs(debit: str, credit: str, minor: int) -> list[PostingDraft]:
    return [
        PostingDraft(debit, Side.DEBIT, kes(minor)),
        PostingDraft(credit, Side.CREDIT, kes(minor)),
    ]


def test_holds_do_what_their_model_does(books: Tenant) -> None:
    run_state_machine_as_test(
        Holds,
        settings=settings(
            max_examples=10,
            stateful_step_count=20,
            deadline=None,
            suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
        ),
    )
