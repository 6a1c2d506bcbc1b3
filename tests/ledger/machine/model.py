"""The ledger once more, in dicts and lists: what it answers to everything that can be asked.

It shares no code with ``apps.ledger``: refusals are names, a leg is a tuple, a balance is a sum.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

#: Account, "D" or "C", minor units, currency.
Leg = tuple[str, str, int, str]

#: Of all that is wrong the first is said. What a key or origin stands in the way of comes before
#: it, what a closed day refuses after it.
PRECEDENCE = [
    "UnknownAccount",
    "HeaderAccount",
    "AccountClosed",
    "AccountFrozen",
    "CurrencyMismatch",
    "PreconditionFailed",
    "StaleVersion",
    "PreconditionNotPossible",
    "AccountNotHoldable",
    "InsufficientFunds",
    "CeilingExceeded",
]
HEADERS = frozenset({"9500"})


@dataclass
class Kept:
    """An account; ``sign`` is +1 when debits make it grow. Lines are (debit, day, instant)."""

    currency: str
    sign: int
    floor: int | None = None
    ceiling: int | None = None
    status: str = "open"
    mode: str = "synchronous"
    balance: int = 0
    lines: list[tuple[int, date, datetime]] = field(default_factory=list)

    def as_of(self, day: date | None, known: datetime | None) -> int:
        """What it held at the end of the day, as far as it was recorded by then."""
        return self.sign * sum(
            minor
            for minor, value_date, at in self.lines
            if (day is None or value_date <= day) and (known is None or at <= known)
        )


@dataclass(frozen=True, kw_only=True)
class Condition:
    """What an entry asks of an account before it is posted."""

    account: str
    version: int | None = None
    least: int | None = None
    most: int | None = None


@dataclass(frozen=True, kw_only=True)
class Order:
    """A request to post; equal orders under one key are one request."""

    key: str
    legs: tuple[Leg, ...]
    day: date
    kind: str
    source: str = ""
    goes_on: bool = False
    conditions: tuple[Condition, ...] = ()


@dataclass
class Held:
    """What is held from ``debit`` to ``credit``, and what is left of it."""

    id: Any
    debit: str
    credit: str
    left: int
    ends: datetime | None
    status: str = "open"


@dataclass
class Month:
    """A period; an exception lets everything in until its time."""

    starts: date
    ends: date
    state: str = "open"
    excepted_until: datetime | None = None


@dataclass
class Written:
    """An entry in the books, how much of each leg is still there, and what it was asked by."""

    id: Any
    legs: list[Leg]
    left: list[int]
    kind: str
    order: Order | None = None


class Ledger:
    """Answers with the name of the refusal, or takes what it is given."""

    def __init__(self, accounts: dict[str, Kept], months: list[Month], now: datetime) -> None:
        self.accounts = accounts
        self.months = months
        self.now = now
        self.entries: dict[str, Written] = {}
        self.sources: set[tuple[str, str]] = set()
        self.holds: list[Held] = []

    # --- what is reserved

    def pending(self, code: str) -> tuple[int, int]:
        """What holds will bring in and take out."""
        sign = self.accounts[code].sign
        ways = [(one.debit, sign, one.left) for one in self.holds]
        ways += [(one.credit, -sign, one.left) for one in self.holds]
        mine = [(way, left) for named, way, left in ways if named == code]
        return sum(n for way, n in mine if way == 1), sum(n for way, n in mine if way == -1)

    def available(self, code: str) -> int:
        """What may still go out before the floor, or before zero where there is none."""
        account = self.accounts[code]
        return account.balance - self.pending(code)[1] - (account.floor or 0)

    def outward(self, debit: str, credit: str) -> list[str]:
        """Of which accounts a movement takes."""
        ways = ((debit, 1), (credit, -1))
        return [code for code, way in ways if self.accounts[code].sign * way == -1]

    # --- posting

    def first_open(self, day: date, kind: str, *, goes_on: bool) -> date:
        """The day on which an entry counts: its own, or the first open one when it is sent on."""
        may_go = goes_on or kind.startswith("payments.")
        if may_go and self.closed(day, kind):
            return max(one.ends for one in self.months if one.state != "open") + timedelta(days=1)
        return day

    def closed(self, day: date, kind: str) -> str:
        """Why the day does not take such an entry; empty if it does."""
        period = next((one for one in self.months if day <= one.ends), None)
        if period is None or period.state == "open":
            return ""
        if period.state == "hard_closed":
            return "PeriodHardClosed"
        is_let_in = period.excepted_until is not None and period.excepted_until > self.now
        return "" if is_let_in or kind == "manual.adjustment" else "PeriodSoftClosed"

    def refusal(self, orders: Sequence[Order]) -> str:
        """Why these orders, all or none, are refused; empty if they are posted."""
        fresh = [one for one in orders if not self.is_replay(one)]
        for one in fresh:
            if one.key in self.entries:
                return "IdempotencyKeyReused"
            if one.source and (one.kind, one.source) in self.sources:
                return "DuplicateSourceEvent"
        if fault := self.fault([(one.legs, one.conditions) for one in fresh]):
            return fault
        closed = {
            self.closed(self.first_open(one.day, one.kind, goes_on=one.goes_on), one.kind)
            for one in fresh
        }
        return min(closed - {""}, default="")

    def is_replay(self, order: Order) -> bool:
        """True if just this was posted before."""
        return order.key in self.entries and self.entries[order.key].order == order

    def fault(self, entries: Sequence[tuple[Sequence[Leg], Sequence[Condition]]]) -> str:
        """The first of all that is wrong with legs and preconditions."""
        found: list[str] = []
        held = {code: account.balance for code, account in self.accounts.items()}
        version = {code: len(account.lines) for code, account in self.accounts.items()}
        for legs, conditions in entries:
            found += [self._broken(one, held, version) for one in conditions]
            for code, side, minor, currency in legs:
                found.append(self._unfit(code, side, currency))
                if code in held:
                    held[code] += self.accounts[code].sign * (minor if side == "D" else -minor)
                    version[code] += 1
            for code in {leg[0] for leg in legs} & held.keys():
                found.append(self._beyond(code, held[code]))
        return min(filter(None, found), key=PRECEDENCE.index, default="")

    def _broken(self, one: Condition, held: dict[str, int], version: dict[str, int]) -> str:
        if one.account not in self.accounts:
            return "UnknownAccount"
        if self.accounts[one.account].mode != "synchronous":
            return "PreconditionNotPossible"
        balance = held[one.account]
        if one.least is not None and balance < one.least:
            return "PreconditionFailed"
        if one.most is not None and balance > one.most:
            return "PreconditionFailed"
        is_stale = one.version is not None and version[one.account] != one.version
        return "StaleVersion" if is_stale else ""

    def _unfit(self, code: str, side: str, currency: str) -> str:
        if code in HEADERS:
            return "HeaderAccount"
        account = self.accounts.get(code)
        if account is None:
            return "UnknownAccount"
        if account.status == "closed":
            return "AccountClosed"
        frozen = {"open": "", "frozen": "DC", "frozen_debit": "D", "frozen_credit": "C"}
        if side in frozen[account.status]:
            return "AccountFrozen"
        return "CurrencyMismatch" if account.currency != currency else ""

    def _beyond(self, code: str, balance: int) -> str:
        account = self.accounts[code]
        coming, going = self.pending(code)
        if account.floor is not None and balance - going < account.floor:
            return "InsufficientFunds"
        if account.ceiling is not None and balance + coming > account.ceiling:
            return "CeilingExceeded"
        return ""

    def post(
        self,
        *,
        key: str,
        id: Any,
        legs: Iterable[Leg],
        day: date,
        kind: str,
        order: Order | None = None,
        reverses: Written | None = None,
    ) -> None:
        """Write it down; ``day`` is the one it counts on in the end."""
        legs = list(legs)
        self.entries[key] = Written(id, legs, [minor for _, _, minor, _ in legs], kind, order)
        if order is not None and order.source:
            self.sources.add((kind, order.source))
        for code, side, minor, _ in legs:
            account = self.accounts[code]
            debit = minor if side == "D" else -minor
            account.balance += account.sign * debit
            account.lines.append((debit, day, self.now))
        if reverses is not None:
            self._take_back(reverses, legs)

    def _take_back(self, first: Written, legs: list[Leg]) -> None:
        """From the first leg of the same account and the other side on, as far as each goes."""
        for code, side, minor, _ in legs:
            rest = minor
            for number, (named, other, _, _) in enumerate(first.legs):
                if (named, other) == (code, "C" if side == "D" else "D"):
                    gone = min(rest, first.left[number])
                    first.left[number] -= gone
                    rest -= gone
            assert rest == 0, "more was taken back than was there"

    # --- holding

    def hold_fault(self, debit: str, credit: str, minor: int, *, is_up_to: bool) -> str:
        """Why so much cannot be held."""
        currency = self.accounts[debit].currency
        found = []
        outward = self.outward(debit, credit)
        for code, side in ((debit, "D"), (credit, "C")):
            account = self.accounts[code]
            found.append(self._unfit(code, side, currency))
            is_unsure = account.mode == "deferred" and is_up_to and code in outward
            if account.mode == "sharded" or is_unsure:
                found.append("AccountNotHoldable")
            elif code in outward:
                is_limited = account.floor is not None or is_up_to
                if is_limited and self.available(code) < minor:
                    found.append("InsufficientFunds")
            elif (
                account.ceiling is not None
                and account.balance + self.pending(code)[0] + minor > account.ceiling
            ):
                found.append("CeilingExceeded")
        return min(filter(None, found), key=PRECEDENCE.index, default="")

    def due(self) -> Iterator[Held]:
        """Holds whose time is over and which nobody ended."""
        for one in self.holds:
            if one.status == "open" and one.ends is not None and one.ends <= self.now:
                yield one
