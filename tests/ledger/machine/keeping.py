"""Holds and time; how accounts are kept, what they may hold, which days are closed."""

from __future__ import annotations

import math
from datetime import timedelta
from functools import partial
from uuid import UUID

from django.db import connection
from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from apps.ledger.domain import (
    AccountStatus,
    BalanceMode,
    CaptureDraft,
    HoldDraft,
    HoldReason,
    PostingDraft,
    ReleaseDraft,
    Side,
)
from apps.ledger.domain.periods import PeriodState
from apps.ledger.services import (
    capture_hold,
    change_account_limits,
    change_account_mode,
    change_account_status,
    close_period,
    decide_period_request,
    expire_holds,
    place_hold,
    release_hold,
    request_exception,
    request_reopening,
)
from apps.platform.actors import SYSTEM
from apps.platform.money import Money
from tests.ledger.machine.base import Machine, amounts, codes, pairs
from tests.ledger.machine.model import Held, Leg

#: Warnings of the checklist that may stand: the books of an example are never sealed.
WARNINGS = ["nothing_is_asked", "all_is_folded", "all_is_sealed", "no_hold_is_overdue"]
limits = st.none() | st.integers(-60_000, 60_000)


class Holding(Machine):
    """Money held, captured, released and expired."""

    @rule(pair=pairs, minor=amounts, minutes=st.none() | st.integers(1, 30), is_up_to=st.booleans())
    def place(
        self, pair: tuple[str, str], minor: int, minutes: int | None, *, is_up_to: bool
    ) -> None:
        debit, credit = pair
        currency = self.model.accounts[debit].currency
        lifetime = None if minutes is None else timedelta(minutes=minutes)
        made = HoldDraft(
            reason=HoldReason.OTHER,
            description="By the machine",
            postings=[
                PostingDraft(debit, Side.DEBIT, Money(minor, currency)),
                PostingDraft(credit, Side.CREDIT, Money(minor, currency)),
            ],
            lifetime=lifetime,
            is_up_to_available=is_up_to,
        )
        if is_up_to:
            there = [self.model.available(code) for code in self.model.outward(debit, credit)]
            minor = min([minor, *(max(one, 1) for one in there)])
        expected = self.model.hold_fault(debit, credit, minor, is_up_to=is_up_to)
        ask = partial(place_hold, draft=made, idempotency_key=self.key(), actor=SYSTEM)
        receipt = self.told(expected, ask)
        if receipt is not None:
            assert receipt.moved == (Money(minor, currency),)
            ends = None if lifetime is None else self.model.now + lifetime
            self.model.holds.append(Held(receipt.hold_id, debit, credit, minor, ends))
            assert ask().is_replay

    @precondition(lambda self: self.model.holds)
    @rule(
        data=st.data(), minor=st.none() | amounts, is_final=st.booleans(), ago=st.integers(0, 100)
    )
    def capture(self, data: st.DataObject, minor: int | None, *, is_final: bool, ago: int) -> None:
        one = data.draw(st.sampled_from(self.model.holds))
        currency = self.model.accounts[one.debit].currency
        day = self.today - timedelta(days=ago)
        amount = None if minor is None else Money(minor, currency)
        made = CaptureDraft(amount=amount, is_final=is_final, value_date=day)
        before, taken = one.left, one.left if minor is None else minor
        legs: list[Leg] = [(one.debit, "D", taken, currency), (one.credit, "C", taken, currency)]
        expected = self._ended(one)
        if not expected and one.ends is not None and one.ends <= self.model.now:
            expected = "HoldExpired"
        elif not expected and taken > one.left:
            expected = "CaptureExceedsHold"
        elif not expected:
            one.left = 0 if is_final else one.left - taken
            expected = self.model.fault([(legs, ())])
            expected = expected or self.model.closed(day, made.kind)
        key = self.key()
        ask = partial(capture_hold, hold_id=one.id, draft=made, idempotency_key=key, actor=SYSTEM)
        receipt = self.told(expected, ask)
        if receipt is None:
            one.left = before
            return
        one.status = "open" if one.left else "captured"
        self.model.post(key=key, id=receipt.entry_id, legs=legs, day=day, kind="hold")
        assert receipt.left == ((Money(one.left, currency),) if one.left else ())
        again = ask()
        assert (again.is_replay, again.entry_id) == (True, receipt.entry_id)

    @precondition(lambda self: self.model.holds)
    @rule(data=st.data(), minor=st.none() | amounts)
    def release(self, data: st.DataObject, minor: int | None) -> None:
        one = data.draw(st.sampled_from(self.model.holds))
        currency = self.model.accounts[one.debit].currency
        amount = None if minor is None else Money(minor, currency)
        expected = self._ended(one)
        if not expected and minor is not None and minor > one.left:
            expected = "CaptureExceedsHold"
        ask = partial(
            release_hold,
            hold_id=one.id,
            draft=ReleaseDraft(reason="x", amount=amount),
            idempotency_key=self.key(),
            actor=SYSTEM,
        )
        if self.told(expected, ask):
            one.left = 0 if minor is None else one.left - minor
            one.status = "open" if one.left else "released"

    @rule(minutes=st.one_of(st.integers(1, 20), st.integers(1, 40 * 24 * 60)))
    def wait(self, minutes: int) -> None:
        self.model.now += timedelta(minutes=minutes)

    @rule()
    def sweep(self) -> None:
        due = list(self.model.due())
        assert expire_holds(actor=SYSTEM) == len(due)
        for one in due:
            one.left, one.status = 0, "expired"

    @staticmethod
    def _ended(one: Held) -> str:
        return "" if one.status == "open" else "HoldAlreadyClosed"


class Keeping(Machine):
    """Accounts: their state, their limits, and the way their balance is kept."""

    @rule(code=codes, status=st.sampled_from(list(AccountStatus)))
    def change_status(self, code: str, status: AccountStatus) -> None:
        account = self.model.accounts[code]
        expected = ""
        if status == "closed" and account.status != "closed":
            expected = "AccountNotEmpty" if account.balance else expected
            expected = expected or ("AccountHasHolds" if any(self.model.pending(code)) else "")
        self.told(expected, partial(self._set_status, code, status))
        if not expected:
            account.status = str(status)

    @rule()
    def thaw_all(self) -> None:
        for code, account in self.model.accounts.items():
            if account.status != "open":
                self._set_status(code, AccountStatus.OPEN)
                account.status = "open"

    @staticmethod
    def _set_status(code: str, status: AccountStatus) -> None:
        change_account_status(code=code, status=status, reason="x", actor=SYSTEM)

    @rule(code=codes, floor=limits, ceiling=limits)
    def change_limits(self, code: str, floor: int | None, ceiling: int | None) -> None:
        account = self.model.accounts[code]
        expected, coming, going = "", *self.model.pending(code)
        least = -math.inf if floor is None else floor
        most = math.inf if ceiling is None else ceiling
        is_lagging = account.mode == "deferred" and (floor, ceiling) != (None, None)
        if (floor, ceiling) != (account.floor, account.ceiling):
            if is_lagging or least > most:
                expected = "LimitsNotPossible"
            elif account.balance - going < least or account.balance + coming > most:
                expected = "LimitBroken"
        ask = partial(change_account_limits, code=code, floor_minor=floor, ceiling_minor=ceiling)
        self.told(expected, lambda: ask(reason="x", actor=SYSTEM))
        if not expected:
            account.floor, account.ceiling = floor, ceiling

    @rule(code=codes, mode=st.sampled_from(list(BalanceMode)), releases_early=st.booleans())
    def change_mode(self, code: str, mode: BalanceMode, *, releases_early: bool) -> None:
        account = self.model.accounts[code]
        is_limited = account.floor is not None or account.ceiling is not None
        is_held = mode == "sharded" and any(self.model.pending(code))
        expected = "ModeNotPossible" if is_held or (mode == "deferred" and is_limited) else ""
        ask = partial(change_account_mode, code=code, mode=mode, releases_early=releases_early)
        self.told(expected, lambda: ask(reason="x", actor=SYSTEM))
        if not expected:
            account.mode = str(mode)

    @rule(most=st.integers(1, 20))
    def fold(self, most: int) -> None:
        """Within one transaction nothing is old enough to fold but what is told so."""
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT ledger_fold_postings_v1('18446744073709551615', NULL, %s)", [most]
            )


class Closing(Machine):
    """Periods."""

    @rule(number=st.integers(0, 4), is_final=st.booleans())
    def close(self, number: int, *, is_final: bool) -> None:
        month, earlier = self.model.months[number], self.model.months[:number]
        to = "hard_closed" if is_final else "soft_closed"
        expected = ""
        if month.state != to:
            ready = ("hard_closed",) if is_final else ("hard_closed", "soft_closed")
            is_ready = all(one.state in ready for one in earlier) and month.ends < self.today
            expected = "" if is_ready else "ControlsFailed"
            expected = "PeriodCannotMove" if month.state == "hard_closed" else expected
        ask = partial(
            close_period,
            period_id=self.months[number][0],
            to_state=PeriodState(to),
            accepted=WARNINGS,
            step_up_at=self.model.now,
            actor=SYSTEM,
        )
        self.told(expected, ask)
        if not expected and month.state != to:
            month.state, month.excepted_until = to, None

    @rule(number=st.integers(0, 4), hours=st.integers(1, 72))
    def except_from_closing(self, number: int, hours: int) -> None:
        month = self.model.months[number]
        until = self.model.now + timedelta(hours=hours)
        asked = self.told(
            "" if month.state == "soft_closed" else "PeriodCannotMove",
            lambda: request_exception(
                period_id=self.months[number][0],
                reason="x",
                expires_at=until,
                actor=self.people[0],
            ),
        )
        if asked is not None:
            self._grant(asked)
            month.excepted_until = max(until, month.excepted_until or until)

    @rule(number=st.integers(0, 4))
    def reopen(self, number: int) -> None:
        month, later = self.model.months[number], self.model.months[number + 1 :]
        asked = self.told(
            "" if month.state == "soft_closed" else "PeriodCannotMove",
            lambda: request_reopening(
                period_id=self.months[number][0], reason="x", actor=self.people[0]
            ),
        )
        if asked is None:
            return
        expected = "PeriodCannotMove" if any(one.state != "open" for one in later) else ""
        self.told(expected, partial(self._grant, asked))
        if not expected:
            month.state, month.excepted_until = "open", None

    def _grant(self, request_id: UUID) -> None:
        self.told(
            "FourEyes",
            lambda: self._decide(request_id, 0),
        )
        self._decide(request_id, 1)

    def _decide(self, request_id: UUID, who: int) -> None:
        decide_period_request(
            request_id=request_id,
            approve=True,
            comment="",
            step_up_at=self.model.now,
            actor=self.people[who],
        )
