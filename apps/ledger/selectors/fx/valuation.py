"""The figures of a revaluation, worked out from the books and the rates. Writes nothing."""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import chain

from django.db.models import Sum

from apps.ledger.domain import AccountClass
from apps.ledger.domain.fx import (
    MONETARY,
    Holding,
    Line,
    Mid,
    Movement,
    RateBook,
    RunState,
    carried,
    converted,
)
from apps.ledger.errors.fx import RatesMissing
from apps.ledger.models import Account, FxConversion, FxRevaluationLine
from apps.ledger.selectors.days import days_of
from apps.ledger.selectors.fx.rates import closing_of, rate_book
from apps.platform.money import Money
from apps.platform.tenant import current_tenant

#: How many missing rates a refusal names.
MISSING_TOLD_MAX = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """What a run found. ``rates`` are the closing rates by currency, with their derivation."""

    as_of: date
    functional: str
    rates: Mapping[str, Mid]
    lines: Sequence[Line]

    @property
    def result(self) -> Money:
        """The sum of all differences; positive is a gain."""
        return Money(sum(line.difference.minor for line in self.lines), self.functional)

    def rate_set(self) -> dict[str, object]:
        """The closing rates as they are kept."""
        return {
            currency: {"rate": f"{mid.rate:f}", "derivation": mid.derivation()}
            for currency, mid in sorted(self.rates.items())
        }

    def rates_digest(self) -> str:
        """SHA-256 of the closing rates: the same rates for the same day are the same set."""
        return _digest([self.as_of.isoformat(), self.functional, self.rate_set()])

    def digest(self) -> str:
        """SHA-256 of everything an approver is shown."""
        lines = [
            [
                line.account,
                line.currency,
                line.balance.minor,
                line.carried.minor,
                line.rate and f"{line.rate:f}",
                line.revalued.minor,
                line.difference.minor,
            ]
            for line in self.lines
        ]
        return _digest([self.rates_digest(), lines])


def revaluation_figures(
    *, as_of: date, classes: Sequence[AccountClass] = MONETARY, excluded: Sequence[str] = ()
) -> Figures:
    """Revalue the foreign balances of these classes at the end of a day, without writing anything.

    ``excluded`` are codes of accounts to leave out; what stands below a code is left out with it.
    Refuses with ``RatesMissing``, naming every rate that is missing or stale.
    """
    return _Valuation(as_of, classes, excluded).figures()


class _Valuation:
    """One run's reading of the books."""

    def __init__(
        self, as_of: date, classes: Sequence[AccountClass], excluded: Sequence[str]
    ) -> None:
        self.as_of = as_of
        self.functional = current_tenant().functional_currency
        self.accounts = _accounts(classes, excluded, self.functional)
        self.missing: set[str] = set()
        self.mids: dict[tuple[str, date], Mid | None] = {}
        self.days = self._days()
        first = min((day for days in self.days.values() for day, _ in days), default=as_of)
        self.book: RateBook = rate_book(closing_of(first), closing_of(as_of))

    def figures(self) -> Figures:
        """All lines, by account; those of what was settled come last."""
        conversions = self._conversions()
        earlier = self._earlier()
        rates: dict[str, Mid] = {}
        lines: list[Line] = []
        settled = self._realised()
        for account in self.accounts:
            movements = self._movements(account, conversions[account.id])
            holding, differences = carried(movements, account.currency, self.functional)
            settled[account.currency] += _sign(account) * differences.minor
            is_held = sum(amount for _, amount in self.days[account.id]) != 0
            closing = self._mid(account.currency, self.as_of) if is_held else None
            if closing is not None:
                rates[account.currency] = closing
            if closing is not None or earlier[account.id]:
                lines.append(self._line(account, holding, closing, earlier[account.id]))
        if self.missing:
            raise RatesMissing(missing=sorted(self.missing)[:MISSING_TOLD_MAX])
        lines += self._settled_lines(settled, earlier)
        return Figures(as_of=self.as_of, functional=self.functional, rates=rates, lines=lines)

    def _line(self, account: Account, holding: Holding, closing: Mid | None, earlier: int) -> Line:
        """``earlier`` is the difference that a posted run for the same day has booked."""
        sign = _sign(account)
        value = holding.carried + Money(sign * earlier, self.functional)
        worth = Money.zero(self.functional)
        if closing is not None:
            worth = converted(holding.quantity, self.functional, closing.value)
        return Line(
            account=account.code,
            name=account.name,
            account_class=AccountClass(account.account_class),
            currency=account.currency,
            balance=holding.quantity,
            carried=value,
            rate=closing.rate if closing else None,
            revalued=worth,
            difference=Money(sign * (worth - value).minor, self.functional),
        )

    def _settled_lines(
        self, settled: Mapping[str, int], earlier: Mapping[object, int]
    ) -> Iterator[Line]:
        for currency, minor in sorted(settled.items()):
            known, worth = earlier[currency], Money(minor, self.functional)
            if minor != known:
                yield Line(
                    account="",
                    name="",
                    account_class=None,
                    currency=currency,
                    balance=Money.zero(currency),
                    carried=Money(known, self.functional),
                    rate=None,
                    revalued=worth,
                    difference=Money(minor - known, self.functional),
                )

    def _movements(self, account: Account, converting: list[Movement]) -> list[Movement]:
        """Day by day: what ordinary entries added, at the rate of the day, then conversions."""
        by_day: dict[date, list[Movement]] = defaultdict(list)
        for movement in converting:
            by_day[movement.value_date].append(movement)
        found = []
        for day, amount in self.days[account.id]:
            rest = amount - sum(movement.amount.minor for movement in by_day[day])
            if rest and (mid := self._mid(account.currency, day)) is not None:
                moved = Money(rest, account.currency)
                found.append(Movement(day, moved, converted(moved, self.functional, mid.value)))
            found += by_day[day]
        return found

    def _mid(self, currency: str, day: date) -> Mid | None:
        key = (currency, day)
        if key not in self.mids:
            self.mids[key] = self.book.mid(currency, self.functional, closing_of(day))
            if self.mids[key] is None:
                self.missing.add(f"{currency}/{self.functional} on {day.isoformat()}")
        return self.mids[key]

    def _days(self) -> dict[object, list[tuple[date, int]]]:
        """What each day added to each account, on its normal side, in order."""
        by_code = {account.code: account for account in self.accounts}
        days: dict[object, list[tuple[date, int]]] = defaultdict(list)
        for row in days_of(list(by_code), starts=date.min, ends=self.as_of):
            account = by_code[row.account]
            net = _sign(account) * (row.debits - row.credits).minor
            days[account.id].append((row.value_date, net))
        return days

    def _conversions(self) -> dict[object, list[Movement]]:
        """What conversions did to the accounts, at their own amounts; normal sides throughout."""
        found: dict[object, list[Movement]] = defaultdict(list)
        rows = FxConversion.objects.filter(value_date__lte=self.as_of).order_by("id")
        for row in rows.iterator():
            for account_id, minor, currency, value in (
                (row.sell_account_id, -row.sell_minor, row.sell_currency, -row.sell_value_minor),
                (row.buy_account_id, row.buy_minor, row.buy_currency, row.buy_value_minor),
            ):
                found[account_id].append(
                    Movement(row.value_date, Money(minor, currency), Money(value, self.functional))
                )
        return found

    def _realised(self) -> dict[str, int]:
        """Less what conversions have put into the books as realised, by the position's currency."""
        rows = FxConversion.objects.filter(value_date__lte=self.as_of)
        sold = rows.values_list("sell_currency").annotate(Sum("sell_realised_minor")).order_by()
        bought = rows.values_list("buy_currency").annotate(Sum("buy_realised_minor")).order_by()
        sums: dict[str, int] = defaultdict(int)
        for currency, minor in chain(sold, bought):
            sums[currency] -= int(minor)
        sums.pop(self.functional, None)
        return sums

    def _earlier(self) -> dict[object, int]:
        """Differences that posted runs for this very day have booked, by account or currency."""
        rows = FxRevaluationLine.objects.filter(
            run__as_of=self.as_of, run__state=RunState.POSTED
        ).values_list("account_id", "currency", "difference_minor")
        sums: dict[object, int] = defaultdict(int)
        for account_id, currency, minor in rows:
            sums[account_id or currency] += minor
        return sums


def _accounts(
    classes: Sequence[AccountClass], excluded: Sequence[str], functional: str
) -> list[Account]:
    rows = Account.objects.filter(
        account_class__in=[one for one in classes if one in MONETARY], is_header=False
    ).exclude(currency=functional)
    left_out = {code.strip() for code in excluded if code.strip()}
    return [
        account
        for account in rows.order_by("code")
        if account.code not in left_out
        and not any(account.code.startswith(f"{code}.") for code in left_out)
    ]


def _sign(account: Account) -> int:
    return AccountClass(account.account_class).normal_side.sign


def _digest(facts: object) -> str:
    text = json.dumps(facts, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()
