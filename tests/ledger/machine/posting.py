"""Posting, singly and in batches; repeating, contradicting, taking back; converting currencies."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from itertools import chain
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from apps.ledger.domain import EntryDraft, PostingDraft, Precondition, Side
from apps.ledger.domain.fx import FixedSide
from apps.ledger.domain.periods import Late
from apps.ledger.domain.reversals import ReversalPart
from apps.ledger.selectors import journal_entry
from apps.ledger.services import convert, post_entries, post_entry, quote_conversion, reverse_entry
from apps.platform.actors import SYSTEM
from apps.platform.money import Money
from tests.ledger.machine.base import CHART, Machine, amounts, days
from tests.ledger.machine.model import Condition, Kept, Leg, Order, Written

#: Shillings to the dollar: with it every conversion is exact.
RATE = 130
named = st.sampled_from([*CHART] * 4 + ["9500", "nowhere"])
of_one_currency = st.builds(
    lambda code, currency, shares, side: (
        [(code, side, sum(minor for _, minor in shares), currency)]
        + [(other, "C" if side == "D" else "D", minor, currency) for other, minor in shares]
    ),
    named,
    st.sampled_from(["KES", "KES", "KES", "USD"]),
    st.lists(st.tuples(named, st.integers(1, 30_000)), min_size=1, max_size=4),
    st.sampled_from("DC"),
)
#: Mostly such as may be posted: from one account of a currency to others of it.
likely = st.sampled_from(["KES", "USD"]).flatmap(
    lambda currency: st.builds(
        lambda one, other, minor: [(one, "D", minor, currency), (other, "C", minor, currency)],
        *[st.sampled_from([c for c in CHART if CHART[c]().currency == currency])] * 2,
        amounts,
    )
)
legs_of_entry = st.one_of(
    likely, likely, st.lists(of_one_currency, min_size=1, max_size=2).map(lambda x: [*chain(*x)])
)
conditions = st.lists(
    st.builds(
        lambda account, version, least, most: Condition(
            account=account, version=version, least=least, most=most
        ),
        named,
        st.none() | st.integers(0, 4),
        st.none() | st.integers(-20_000, 20_000),
        st.none() | st.integers(0, 60_000),
    ),
    max_size=2,
)
orders = st.builds(
    lambda legs, day, kind, goes_on, conditions: (legs, day, kind, goes_on, tuple(conditions)),
    legs_of_entry,
    days,
    st.sampled_from(["test.machine"] * 3 + ["payments.machine", "manual.adjustment"]),
    st.booleans(),
    st.one_of(st.just([]), st.just([]), conditions),
)


class Posting(Machine):
    """Entries."""

    def order(self, asked: Any, *, source: str = "") -> Order:
        """A request under a new key."""
        legs, day, kind, goes_on, needs = asked
        return Order(
            key=self.key(),
            legs=tuple(legs),
            day=self.today + timedelta(days=day),
            kind=kind,
            source=source,
            goes_on=goes_on,
            conditions=needs,
        )

    @rule(asked=orders, source=st.sampled_from(["", "", "", "s1", "s2"]))
    def post(self, asked: Any, source: str) -> None:
        self._post([self.order(asked, source=source)])

    @rule(code=st.sampled_from(["9110", "9500.one", "9500.two", "9710"]), minor=amounts, day=days)
    def pay_in(self, code: str, minor: int, day: int) -> None:
        """Where there is a floor, something has to come in before anything can go out."""
        bank, currency = ("9200", "USD") if code == "9710" else ("9100", "KES")
        debit, credit = (code, "9900") if code == "9110" else (bank, code)
        legs = [(debit, "D", minor, currency), (credit, "C", minor, currency)]
        self._post([self.order((legs, day, "test.machine", True, ()))])

    @rule(batch=st.lists(orders, min_size=2, max_size=4), data=st.data())
    def post_many(self, batch: list[Any], data: st.DataObject) -> None:
        made = [self.order(asked) for asked in batch]
        if known := self._orders():
            made.insert(data.draw(st.integers(0, len(made))), data.draw(st.sampled_from(known)))
        self._post(made, many=True)

    def _post(self, made: list[Order], *, many: bool = False) -> None:
        expected = self.model.refusal(made)
        known = {one.key for one in made if one.key in self.model.entries}
        if many:
            drafts = {one.key: draft_of(one) for one in made}
            receipts = self.told(expected, lambda: post_entries(drafts=drafts, actor=SYSTEM))
        else:
            receipts = self.told(expected, lambda: [self._ask(made[0])])
        for one, receipt in zip(made, receipts or [], strict=receipts is not None):
            assert receipt.is_replay == (one.key in known)
            if receipt.is_replay:
                assert receipt.entry_id == self.model.entries[one.key].id
                continue
            day = self.model.first_open(one.day, one.kind, goes_on=one.goes_on)
            assert receipt.value_date == day
            self.model.post(
                key=one.key, id=receipt.entry_id, legs=one.legs, day=day, kind=one.kind, order=one
            )
            assert {code: money.minor for code, money in receipt.balances.items()} == {
                code: self.model.accounts[code].balance
                for code, *_ in one.legs
                if self.model.accounts[code].mode == "synchronous"
            }

    def _ask(self, one: Order) -> Any:
        return post_entry(draft=draft_of(one), idempotency_key=one.key, actor=SYSTEM)

    def _orders(self) -> list[Order]:
        return [one.order for one in self.model.entries.values() if one.order is not None]

    @precondition(lambda self: self._orders())
    @rule(data=st.data(), minor=st.none() | amounts)
    def ask_again(self, data: st.DataObject, minor: int | None) -> None:
        """The same under the same key, or something else under it."""
        one = data.draw(st.sampled_from(self._orders()))
        if minor is not None:
            one = replace(one, legs=(("9100", "D", minor, "KES"), ("9900", "C", minor, "KES")))
        self._post([one])

    @precondition(lambda self: self.model.entries)
    @rule(data=st.data(), how=st.sampled_from(["whole", "amount", "legs"]), minor=amounts)
    def take_back(self, data: st.DataObject, how: str, minor: int) -> None:
        known = data.draw(st.sampled_from(sorted(self.model.entries)))
        first = self.model.entries[known]
        part, expected = None, ""
        if not any(first.left):
            expected = "AlreadyReversed"
        elif how == "amount":
            part, expected = self._amount(first, minor)
        elif how == "legs" and len(first.legs) == 2:
            part = ReversalPart(legs={1: minor, 2: minor})
            expected = "" if minor <= min(first.left) else "ReversalExceedsRemaining"
        legs = self._opposite(first, part)
        expected = expected or self.model.fault([(legs, ())])
        if not expected and first.kind == "fx":
            expected = "ConversionNotReversible"
        key, day = self.key(), self.today + timedelta(days=-data.draw(st.integers(0, 100)))
        receipt = self.told(
            expected,
            lambda: reverse_entry(
                entry_id=first.id,
                reason="x",
                part=part,
                value_date=day,
                idempotency_key=key,
                actor=SYSTEM,
            ),
        )
        if receipt is None:
            return
        counts = self.model.first_open(day, "reversal", goes_on=True)
        assert receipt.value_date == counts
        self.model.post(
            key=key, id=receipt.entry_id, legs=legs, day=counts, kind="reversal", reverses=first
        )

    def _amount(self, first: Written, minor: int) -> tuple[ReversalPart, str]:
        """So much of the first currency, of each side as much."""
        currency = first.legs[0][3]
        rest = [
            sum(
                left
                for (_, side, _, of), left in zip(first.legs, first.left, strict=True)
                if (side, of) == (one, currency)
            )
            for one in "DC"
        ]
        part = ReversalPart(amount=Money(minor, currency))
        return part, "" if minor <= min(rest) else "ReversalExceedsRemaining"

    def _opposite(self, first: Written, part: ReversalPart | None) -> list[Leg]:
        """The legs that take it back; an amount is shared out by what is left, largest first."""
        taken = list(first.left)
        if part is not None and part.legs is not None:
            taken = list(part.legs.values())
        elif part is not None and part.amount is not None:
            taken = [0] * len(first.legs)
            for side in "DC":
                group = [
                    n
                    for n, leg in enumerate(first.legs)
                    if (leg[1], leg[3]) == (side, part.amount.currency)
                ]
                weights = [first.left[n] for n in group]
                if sum(weights) >= part.amount.minor:
                    for n, share in zip(group, shared(part.amount.minor, weights), strict=True):
                        taken[n] = share
        return [
            (code, "C" if side == "D" else "D", minor, currency)
            for (code, side, _, currency), minor in zip(first.legs, taken, strict=True)
            if minor
        ]

    @rule(dollars=st.integers(1, 200), sells_dollars=st.booleans())
    def convert(self, dollars: int, *, sells_dollars: bool) -> None:
        given, taken = ("9710", "9500.one") if sells_dollars else ("9500.one", "9710")
        minor = {"USD": dollars, "KES": dollars * RATE}
        sold, bought = self.model.accounts[given].currency, self.model.accounts[taken].currency
        legs: list[Leg] = [
            (given, "D", minor[sold], sold),
            (f"fx.position.{sold}", "C", minor[sold], sold),
            (f"fx.position.{bought}", "D", minor[bought], bought),
            (taken, "C", minor[bought], bought),
        ]
        quote = quote_conversion(
            fixed=Money(minor["USD"], "USD"),
            side=FixedSide.SELL if sells_dollars else FixedSide.BUY,
            other="KES",
            spread_bps=0,
            idempotency_key=self.key(),
            actor=SYSTEM,
        )
        added = {code: Kept(currency, -1) for code, _, _, currency in legs}
        before = dict(self.model.accounts)
        self.model.accounts = added | before
        expected = self.model.fault([(legs, ())])
        key = self.key()
        row = self.told(
            expected,
            lambda: convert(
                quote_id=quote.id,
                sell_account=given,
                buy_account=taken,
                idempotency_key=key,
                value_date=self.today,
                actor=SYSTEM,
            ),
        )
        if row is None:
            self.model.accounts = before
            return
        written = [
            (leg.account, leg.side.letter, leg.amount.minor, leg.amount.currency)
            for leg in journal_entry(row.entry_id).postings
        ]
        assert sorted(written) == sorted(legs)
        self.model.post(key=key, id=row.entry_id, legs=legs, day=self.today, kind="fx")


def draft_of(one: Order) -> EntryDraft:
    """The order as the ledger takes it."""
    return EntryDraft(
        description="By the machine",
        kind=one.kind,
        value_date=one.day,
        source_event=one.source,
        late=Late.NEXT_OPEN if one.goes_on else Late.RULE,
        postings=[
            PostingDraft(code, Side.of_letter(side), Money(minor, currency))
            for code, side, minor, currency in one.legs
        ],
        preconditions=[
            Precondition(
                account=asked.account,
                version=asked.version,
                min_balance_minor=asked.least,
                max_balance_minor=asked.most,
            )
            for asked in one.conditions
        ],
    )


def shared(minor: int, weights: list[int]) -> list[int]:
    """Shares in proportion; the units that do not divide go to the largest remainders."""
    whole = sum(weights)
    shares = [minor * weight // whole for weight in weights]
    by_rest = sorted(range(len(weights)), key=lambda n: (-(minor * weights[n] % whole), n))
    for n in by_rest[: minor - sum(shares)]:
        shares[n] += 1
    return shares
