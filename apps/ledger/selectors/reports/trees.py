"""Accounts in the order of the tree, headers with the sum of what is below them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from apps.ledger.domain import AccountClass
from apps.ledger.selectors.reports.positions import Position

#: An account's figures: minor units of one currency, one for each column.
Sums = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Branch:
    """An account or a header with its figures in one currency, and how deep it stands."""

    position: Position
    depth: int
    sums: Sums


def branches(
    chart: Sequence[Position],
    figures: Mapping[str, Sums],
    classes: Collection[AccountClass] = tuple(AccountClass),
) -> list[Branch]:
    """The part of the tree that has figures, of those classes; all zero counts as none.

    ``figures`` are those of accounts, by code. A header's are the sums of its children's, so every
    level adds up to the next.
    """
    known = {one.account: one for one in chart}
    own = {
        account: sums
        for account, sums in figures.items()
        if any(sums) and known[account].account_class in classes
    }
    sums = _rolled_up(own, known)
    children: dict[str, list[Position]] = defaultdict(list)
    for one in chart:
        if one.account in sums:
            children[one.parent].append(one)
    return list(_walk(children, sums, "", 0))


def total(found: Sequence[Branch], width: int) -> Sums:
    """The figures of all accounts together, headers not counted again."""
    tops = [one.sums for one in found if one.depth == 0]
    return tuple(sum(sums[at] for sums in tops) for at in range(width))


def _rolled_up(own: dict[str, Sums], known: Mapping[str, Position]) -> dict[str, Sums]:
    sums = dict(own)
    for account, figures in own.items():
        above = known[account].parent
        while above:
            so_far = sums.get(above)
            sums[above] = tuple(map(int.__add__, so_far, figures)) if so_far else figures
            above = known[above].parent
    return sums


def _walk(
    children: dict[str, list[Position]], sums: dict[str, Sums], parent: str, depth: int
) -> Iterator[Branch]:
    for one in children[parent]:
        yield Branch(one, depth, sums[one.account])
        yield from _walk(children, sums, one.account, depth + 1)
