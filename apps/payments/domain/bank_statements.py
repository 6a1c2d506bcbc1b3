"""The one form that every bank statement is read into.

A statement is a stream of parts: its ``Header``, its ``Entry`` objects, its ``Footer``; then
perhaps the next statement of the file. So a file of any length is read in little memory.
``collected`` makes whole ``BankStatement`` objects of small ones. Amounts are whole minor units and
positive; the side says which way, seen from our account.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum


class Side(StrEnum):
    """What the entry did to our account at the bank."""

    CREDIT = "credit"  # money came in
    DEBIT = "debit"  # money went out

    @property
    def sign(self) -> int:
        """The sign of its effect on the balance."""
        return 1 if self is Side.CREDIT else -1


class EntryStatus(StrEnum):
    """Only booked entries count in the balance."""

    BOOKED = "booked"
    PENDING = "pending"
    INFORMATION = "information"


class Proof(StrEnum):
    """Whether opening balance and entries make the closing balance."""

    PROVED = "proved"
    DIFFERS = "differs"
    NO_BALANCES = "no_balances"


@dataclass(frozen=True, slots=True)
class References:
    """What the entry is called: by us, by the payer, by the bank."""

    end_to_end: str = ""
    instruction: str = ""
    message: str = ""
    batch: str = ""
    bank: str = ""
    others: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Party:
    """The other side, as far as the bank tells."""

    name: str = ""
    account: str = ""


@dataclass(frozen=True, slots=True)
class BatchInfo:
    """What an entry sums up when it stands for many payments. ``count`` is 0 if untold."""

    message: str
    batch: str
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Detail:
    """One payment within an entry. ``amount_minor`` is nothing if the bank does not tell it."""

    amount_minor: int | None = None
    currency: str = ""
    side: Side | None = None
    references: References = References()
    counterparty: Party = Party()
    text: str = ""
    return_reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One movement. ``number`` counts within the statement, from 1.

    ``side`` is what this entry itself does: the reversal of a credit is a debit. ``booked_at`` is
    set when the bank tells the time, with its zone only if the bank tells that too.
    """

    number: int
    amount_minor: int
    currency: str
    side: Side
    status: EntryStatus = EntryStatus.BOOKED
    booking_date: date | None = None
    value_date: date | None = None
    booked_at: datetime | None = None
    references: References = References()
    counterparty: Party = Party()
    text: str = ""
    code: str = ""
    is_reversal: bool = False
    batch: BatchInfo | None = None
    details: tuple[Detail, ...] = ()

    @property
    def effect_minor(self) -> int:
        """What the entry adds to the booked balance."""
        if self.status is not EntryStatus.BOOKED:
            return 0
        return self.side.sign * self.amount_minor


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """The beginning of a statement. The account is an IBAN or what the bank calls it."""

    format: str
    account: str
    currency: str
    reference: str = ""
    number: str = ""
    opening_minor: int | None = None
    is_intraday: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Footer:
    """The end of a statement, with its sums."""

    opening_minor: int | None
    closing_minor: int | None
    count: int
    moved_minor: int

    @property
    def difference_minor(self) -> int | None:
        """Closing less what opening and entries make; nothing without both balances."""
        if self.opening_minor is None or self.closing_minor is None:
            return None
        return self.closing_minor - self.opening_minor - self.moved_minor

    @property
    def proof(self) -> Proof:
        """The verdict on the statement's balances."""
        difference = self.difference_minor
        if difference is None:
            return Proof.NO_BALANCES
        return Proof.DIFFERS if difference else Proof.PROVED


Part = Header | Entry | Footer


@dataclass(frozen=True, slots=True)
class BankStatement:
    """A statement in one piece."""

    header: Header
    entries: Sequence[Entry]
    footer: Footer

    @property
    def proof(self) -> Proof:
        """The verdict on the statement's balances."""
        return self.footer.proof


@dataclass(slots=True)
class Tally:
    """Counts the entries of the statement being read."""

    opening_minor: int | None = None
    closing_minor: int | None = None
    count: int = 0
    moved_minor: int = 0

    def add(self, entry: Entry) -> Entry:
        """Count an entry."""
        self.count += 1
        self.moved_minor += entry.effect_minor
        return entry

    def footer(self) -> Footer:
        """The sums so far."""
        return Footer(
            opening_minor=self.opening_minor,
            closing_minor=self.closing_minor,
            count=self.count,
            moved_minor=self.moved_minor,
        )


@dataclass(slots=True)
class _Open:
    header: Header
    entries: list[Entry] = field(default_factory=list)


def collected(parts: Iterable[Part]) -> Iterator[BankStatement]:
    """Whole statements, one after the other. Each is in memory while it is looked at."""
    current: _Open | None = None
    for part in parts:
        if isinstance(part, Header):
            current = _Open(part)
        elif current is not None and isinstance(part, Entry):
            current.entries.append(part)
        elif current is not None and isinstance(part, Footer):
            yield BankStatement(current.header, current.entries, part)
