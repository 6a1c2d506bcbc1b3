"""Open items and how they settle each other. Pure: no database, no clock."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Self
from uuid import UUID

from apps.ledger.domain.accounts import Side
from apps.ledger.errors import ItemsUnmatched
from apps.platform.ids import parse_public_id, public_id

#: The ages, in days, at which open keys and items are sorted into buckets: the last day of each.
AGES = (1, 3, 7, 30)


@dataclass(frozen=True, slots=True, order=True)
class ItemRef:
    """One item: a posting, named by its entry and its leg there (``je_…/2``)."""

    entry_id: UUID
    leg: int

    def __str__(self) -> str:
        return f"{public_id('je', self.entry_id)}/{self.leg}"

    @classmethod
    def parse(cls, text: str) -> Self:
        """Back from ``str``; ``ValueError`` when it names no item."""
        entry, _, leg = text.partition("/")
        return cls(parse_public_id("je", entry), int(leg))


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemRemainder:
    """What one item can still settle, in minor units of its account's currency."""

    ref: ItemRef
    side: Side
    remaining_minor: int
    value_date: date


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemLink:
    """A debit and a credit that settle each other by an amount in minor units."""

    debit: ItemRef
    credit: ItemRef
    amount_minor: int


def link_items(items: Sequence[ItemRemainder]) -> list[ItemLink]:
    """Let the items settle each other, the oldest first, as far as the smaller side reaches.

    Equal on both sides by its making; what the larger side has more remains of its youngest items.
    Each item is given once. ``ItemsUnmatched`` without a debit and a credit.
    """
    if len({item.ref for item in items}) != len(items) or any(
        item.remaining_minor <= 0 for item in items
    ):
        raise _unmatched(items)
    ordered = sorted(items, key=lambda item: (item.value_date, item.ref))
    debits = [item for item in ordered if item.side is Side.DEBIT]
    credits = [item for item in ordered if item.side is Side.CREDIT]
    if not debits or not credits:
        raise _unmatched(items)
    left = {item.ref: item.remaining_minor for item in items}
    links = []
    while debits and credits:
        debit, credit = debits[0].ref, credits[0].ref
        amount = min(left[debit], left[credit])
        links.append(ItemLink(debit=debit, credit=credit, amount_minor=amount))
        for ref, queue in ((debit, debits), (credit, credits)):
            left[ref] -= amount
            if not left[ref]:
                queue.pop(0)
    return links


def age_bucket(days: int) -> str:
    """The name of the bucket an age belongs to: ``0-1``, ``2-3``, ``4-7``, ``8-30``, ``>30``."""
    start = 0
    for last in AGES:
        if days <= last:
            return f"{start}-{last}"
        start = last + 1
    return f">{AGES[-1]}"


def _unmatched(items: Sequence[ItemRemainder]) -> ItemsUnmatched:
    debits = sum(item.side is Side.DEBIT for item in items)
    return ItemsUnmatched(debits=debits, credits=len(items) - debits)
