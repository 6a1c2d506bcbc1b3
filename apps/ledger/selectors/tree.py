"""The chart as a tree, and categories across it, with the sums of each currency."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from apps.ledger.domain import AccountClass, AccountStatus
from apps.ledger.errors import CategoryNotFound
from apps.ledger.models import Account, Category
from apps.ledger.selectors.reports.positions import Position, positions
from apps.platform.money import Money


@dataclass(frozen=True, slots=True, kw_only=True)
class TreeRow:
    """One line of the tree. ``balances`` are on the class's normal side, one for each currency.

    ``children`` counts what stands directly below; ``left_out`` how many of them are not shown.
    """

    account: str
    name: str
    account_class: AccountClass
    status: AccountStatus
    is_header: bool
    depth: int
    parent: str
    children: int
    left_out: int
    balances: tuple[Money, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CategoryRow:
    """A category with what its accounts hold together, by class's normal side and currency."""

    code: str
    name: str
    note: str
    accounts: tuple[str, ...]
    balances: tuple[Money, ...]


def chart_tree(*, search: str = "", children_max: int | None = None) -> list[TreeRow]:
    """The tree in order, headers with the sums below them.

    ``search`` keeps the accounts whose code begins with it or whose name holds it, and the way to
    them. ``children_max`` leaves out further accounts below one header.
    """
    chart = positions(None, None)
    kept = _found(chart, search.lower()) if search else None
    children: dict[str, list[Position]] = defaultdict(list)
    for one in chart:
        if kept is None or one.account in kept:
            children[one.parent].append(one)
    sums = rolled_up(chart)
    statuses = dict(Account.objects.values_list("code", "status"))
    return list(_Walk(children, sums, statuses, children_max).rows("", 0))


def rolled_up(chart: Sequence[Position]) -> dict[str, Counter[str]]:
    """What each account, and each header with all below it, holds: minor units by currency."""
    parents = {one.account: one.parent for one in chart}
    sums: dict[str, Counter[str]] = defaultdict(Counter)
    for one in chart:
        if one.is_header:
            continue
        minor = one.account_class.normal_side.sign * one.closing_minor
        place = one.account
        while place:
            sums[place][one.currency] += minor
            place = parents[place]
    return sums


def categories() -> list[CategoryRow]:
    """Every category with its balances, by code."""
    rows = Category.objects.prefetch_related("accounts")
    chart = positions(None, None)
    return [_category(row, chart) for row in rows]


def category(code: str) -> CategoryRow:
    """One category, or ``CategoryNotFound``."""
    row = Category.objects.prefetch_related("accounts").filter(code=code).first()
    if row is None:
        raise CategoryNotFound(category=code)
    return _category(row, positions(None, None))


def _category(row: Category, chart: Sequence[Position]) -> CategoryRow:
    codes = {account.code for account in row.accounts.all()}
    parents = {one.account: one.parent for one in chart}
    sums = Counter[str]()
    for one in chart:
        if not one.is_header and codes & set(_way(one.account, parents)):
            sums[one.currency] += one.account_class.normal_side.sign * one.closing_minor
    return CategoryRow(
        code=row.code,
        name=row.name,
        note=row.note,
        accounts=tuple(sorted(codes)),
        balances=_money(sums),
    )


def _way(account: str, parents: Mapping[str, str]) -> Iterator[str]:
    while account:
        yield account
        account = parents[account]


def _found(chart: Sequence[Position], search: str) -> set[str]:
    parents = {one.account: one.parent for one in chart}
    hits = (
        one.account
        for one in chart
        if one.account.lower().startswith(search) or search in one.name.lower()
    )
    return {place for hit in hits for place in _way(hit, parents)}


def _money(sums: Mapping[str, int] | None) -> tuple[Money, ...]:
    return tuple(Money(minor, currency) for currency, minor in sorted((sums or {}).items()))


@dataclass(frozen=True, slots=True)
class _Walk:
    children: Mapping[str, list[Position]]
    sums: Mapping[str, Counter[str]]
    statuses: Mapping[str, str]
    children_max: int | None

    def rows(self, parent: str, depth: int) -> Iterator[TreeRow]:
        below = self.children.get(parent, [])
        for one in self._shown(below):
            under = self.children.get(one.account, [])
            shown = sum(1 for _ in self._shown(under))
            yield TreeRow(
                account=one.account,
                name=one.name,
                account_class=one.account_class,
                status=AccountStatus(self.statuses[one.account]),
                is_header=one.is_header,
                depth=depth,
                parent=parent,
                children=len(under),
                left_out=len(under) - shown,
                balances=_money(self.sums.get(one.account)),
            )
            yield from self.rows(one.account, depth + 1)

    def _shown(self, below: Sequence[Position]) -> Iterable[Position]:
        """Headers always; of the others as many as there is room for."""
        room = len(below) if self.children_max is None else self.children_max
        for one in below:
            if not one.is_header:
                room -= 1
            if one.is_header or room >= 0:
                yield one
