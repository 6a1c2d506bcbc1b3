"""What a book holds, in the shape its writers want it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from apps.ledger.domain.accounts import AccountClass

_UNFIT = re.compile(r"[^A-Za-z0-9-]")


@dataclass(frozen=True, slots=True, kw_only=True)
class BookAccount:
    """One account that takes postings."""

    code: str
    name: str
    account_class: AccountClass
    currency: str


@dataclass(frozen=True, slots=True)
class BookLeg:
    """One leg: debits are positive, credits negative, in minor units."""

    account: str
    signed_minor: int
    currency: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BookEntry:
    """One sealed journal entry. ``number`` is its place in the book, without gaps."""

    number: int
    reference: str
    value_date: date
    posted_at: datetime
    kind: str
    description: str
    source_event: str
    reverses: str
    legs: Sequence[BookLeg]


@dataclass(frozen=True, slots=True)
class HeldBalance:
    """What the ledger itself says an account holds after the last entry, debits positive."""

    account: str
    signed_minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Book:
    """Whose book it is, how far it goes, and its chart. ``exponents`` are decimals by currency.

    ``known_until`` fixes which accounts there are, for an export that is written in steps.
    """

    title: str
    functional_currency: str
    last: int
    known_until: UUID
    starts: date
    ends: date
    accounts: Sequence[BookAccount]
    exponents: Mapping[str, int]

    def amount(self, minor: int, currency: str) -> str:
        """With all the decimals of the currency: another number of them is another tolerance."""
        return f"{Decimal(minor).scaleb(-self.exponents[currency]):f}"


def one_line(text: str) -> str:
    """Text that cannot end the line it stands on."""
    return " ".join(text.split())


def names_of(accounts: Iterable[BookAccount], roots: Mapping[AccountClass, str]) -> dict[str, str]:
    """A name of letters, digits and hyphens for each code, every name once.

    Programs allow less in a name than a code may hold; the code itself goes along as metadata.
    """
    names: dict[str, str] = {}
    taken: set[str] = set()
    for account in sorted(accounts, key=lambda one: one.code):
        plain = _UNFIT.sub("-", account.code)
        stem = f"{roots[account.account_class]}:{plain[0].upper()}{plain[1:]}"
        name, turn = stem, 2
        while name in taken:
            name, turn = f"{stem}-{turn}", turn + 1
        taken.add(name)
        names[account.code] = name
    return names
