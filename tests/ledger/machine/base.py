"""One example of the machine: fresh books inside a savepoint, a clock, and what is always true."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from django.db import connection, transaction
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from apps.ledger.selectors import (
    StatementBasis,
    account_balance_as_of,
    account_statement,
    accounts,
    books_violations,
    hold,
    trial_balance,
    trial_balance_from_postings,
)
from apps.platform import clock
from apps.platform.actors import Actor
from apps.platform.errors import DomainError
from tests.ledger.machine.model import Kept, Ledger, Month

R = TypeVar("R")
ZONE = ZoneInfo("Africa/Nairobi")
_ROWS = """
    SELECT a.code, b.normal_sign * (b.debits_minor - b.credits_minor + coalesce(u.net, 0)),
           b.version + u.postings, a.status, b.mode,
           CASE b.normal_sign WHEN 1 THEN b.pending_debits_minor ELSE b.pending_credits_minor END,
           CASE b.normal_sign WHEN 1 THEN b.pending_credits_minor ELSE b.pending_debits_minor END
      FROM ledger_account a JOIN ledger_account_balance b ON b.account_id = a.id
     CROSS JOIN LATERAL (
           SELECT count(*) AS postings,
                  sum(CASE side WHEN 'D' THEN amount_minor ELSE -amount_minor END) AS net
             FROM ledger_posting p
            WHERE p.account_id = a.id AND p.account_version IS NULL AND b.mode <> 'synchronous') u
"""
_HOLDS = """
    SELECT h.id, ARRAY[h.status::text, l.open_minor::text]
      FROM ledger_hold h JOIN ledger_hold_leg l ON l.hold_id = h.id AND l.leg = 1
     WHERE h.id = ANY (%s)
"""
#: As ``tests/ledger/conftest.py`` opens them, but for the wallet in dollars.
CHART: dict[str, Callable[[], Kept]] = {
    "9100": lambda: Kept("KES", 1),
    "9110": lambda: Kept("KES", 1, floor=0),
    "9200": lambda: Kept("USD", 1),
    "9500.one": lambda: Kept("KES", -1, floor=0),
    "9500.two": lambda: Kept("KES", -1, floor=0),
    "9600": lambda: Kept("KES", -1, ceiling=50_000),
    "9700": lambda: Kept("USD", -1),
    "9710": lambda: Kept("USD", -1, floor=0),
    "9900": lambda: Kept("KES", -1),
}
codes = st.sampled_from(sorted(CHART))
amounts = st.integers(1, 40_000)
Pairs = {
    code: [c for c in CHART if CHART[c]().currency == CHART[code]().currency] for code in CHART
}
#: Two accounts of one currency.
pairs = codes.flatmap(
    lambda one: st.tuples(st.just(one), st.sampled_from([c for c in Pairs[one] if c != one]))
)
#: Days from today: most of them in periods that can be closed, some ahead.
days = st.one_of(st.integers(-100, 0), st.just(0), st.integers(1, 40))


class Machine(RuleBasedStateMachine):
    """What every rule needs. ``people`` are two who may decide; ``months`` the calendar's periods.

    Time begins now and only moves on: what the database judges by its own clock stays in order.
    """

    people: tuple[Actor, Actor]
    months: list[tuple[Any, date, date]]
    begins: datetime
    steps: Counter[str] = Counter()

    def __init__(self) -> None:
        super().__init__()
        self.number = 0
        self.model = Ledger(
            {code: make() for code, make in CHART.items()},
            [Month(starts, ends) for _, starts, ends in self.months],
            self.begins,
        )
        self.example = transaction.atomic()
        self.example.__enter__()
        self.time = clock.reading(lambda: self.model.now)
        self.time.__enter__()

    def teardown(self) -> None:
        """Take the example back whatever it found: the next one begins with books as they were."""
        try:
            self.look()
            connection.check_constraints()
            assert books_violations() == []
            assert trial_balance() == trial_balance_from_postings()
            self.history_is_that_of_the_model()
        finally:
            self.time.__exit__(None, None, None)
            transaction.set_rollback(True)
            self.example.__exit__(None, None, None)
            self.steps["examples"] += 1

    @property
    def today(self) -> date:
        """In the tenant's zone."""
        return self.model.now.astimezone(ZONE).date()

    def key(self) -> str:
        """One that nobody used."""
        self.number += 1
        return f"k{self.number}"

    def told(self, expected: str, ask: Callable[[], R]) -> R | None:
        """The answer, or nothing when it was refused; either as the model expects."""
        self.steps["refused" if expected else "done"] += 1
        answer, said = None, ""
        try:
            answer = ask()
        except DomainError as refusal:
            said = type(refusal).__name__
        assert said == expected, answer
        return answer

    @invariant()
    def rows_are_those_of_the_model(self) -> None:
        """After every step, as the tables have it; ``look`` asks the selectors."""
        self.steps["steps"] += 1
        with connection.cursor() as cursor:
            cursor.execute(_ROWS)
            rows = {code: found for code, *found in cursor.fetchall()}
            cursor.execute(_HOLDS, [[one.id for one in self.model.holds]])
            held = dict(cursor.fetchall())
        for code, account in self.model.accounts.items():
            said = [account.balance, len(account.lines), account.status, account.mode]
            assert rows[code] == [*said, *self.model.pending(code)], code
        assert held == {one.id: [one.status, str(one.left)] for one in self.model.holds}

    @rule()
    def look(self) -> None:
        """What is told of accounts and holds."""
        rows = {row.account: row for row in accounts()}
        for code, account in self.model.accounts.items():
            row, pending = rows[code], self.model.pending(code)
            said = (row.balance.minor, row.version, str(row.status))
            assert said == (account.balance, len(account.lines), account.status), code
            assert (row.pending_in.minor, row.pending_out.minor) == pending, code
            assert row.available.minor == account.balance - pending[1], code
        for one in self.model.holds[-2:]:
            found = hold(one.id)
            assert (str(found.status), found.open[0].minor) == (one.status, one.left)

    def history_is_that_of_the_model(self) -> None:
        """Balances by both clocks at days and instants that matter, and statements that tie out."""
        for code, account in self.model.accounts.items():
            if not account.lines:
                continue
            for _, day, at in account.lines[:: max(1, len(account.lines) // 3)]:
                for until, known in ((day, None), (None, at), (day - timedelta(days=1), at)):
                    row = account_balance_as_of(code, until, recorded_as_of=known)
                    assert row.balance.minor == account.as_of(until, known), (code, until, known)
            self._statement_ties_out(code, account)

    def _statement_ties_out(self, code: str, account: Kept) -> None:
        by_day = sorted(day for _, day, _ in account.lines)
        first, last = by_day[len(by_day) // 3], by_day[-1]
        for basis in StatementBasis:
            told = account_statement(code, first, last, basis=basis)
            moved = told.debits.minor - told.credits.minor
            assert told.closing.minor == told.opening.minor + account.sign * moved
            assert not told.lines or told.lines[-1].balance == told.closing
        told = account_statement(code, first, last)
        mine = [minor for minor, day, _ in account.lines if first <= day <= last]
        assert sorted(line.side.sign * line.amount.minor for line in told.lines) == sorted(mine)
        assert told.closing.minor == account.as_of(last, None)


def begun() -> datetime:
    """An instant to begin with, whole to the second."""
    return datetime.now(UTC).replace(microsecond=0)  # noqa: TID251  the database's clock is near
