"""Money reserved: held now, captured or released later. Pure, like the rest of the domain."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum
from uuid import UUID

from apps.ledger.domain.entries import EntryDraft, PostingDraft, check_legs, fingerprint
from apps.ledger.errors import AccountNotInHold, UpToAvailableTakesTwo
from apps.platform.money import Money

#: The kind of the entry that a capture posts, unless its author says otherwise.
CAPTURE = "hold.capture"


class HoldReason(StrEnum):
    """Why money is held. What a list of old holds is sorted and judged by."""

    AUTHORIZATION = "authorization"  # a payer agreed; the amount is settled later
    PAYOUT = "payout"  # on its way out, not yet confirmed
    SETTLEMENT = "settlement"  # waiting for the other side of an exchange or a netting
    DISPUTE = "dispute"  # a chargeback or complaint is being looked into
    RISK = "risk"  # a fraud or compliance review is not over
    LEGAL = "legal"  # a court or an authority ordered it
    COLLATERAL = "collateral"  # a deposit or reserve against what may come
    CLOSING = "closing"  # the account is being emptied to be closed
    OTHER = "other"


class HoldStatus(StrEnum):
    """Open while anything is left; afterwards, what took the last of it."""

    OPEN = "open"
    CAPTURED = "captured"
    RELEASED = "released"
    EXPIRED = "expired"


class HoldMovementKind(StrEnum):
    """What happened to held money. The first movement of a hold is that it was placed."""

    PLACED = "placed"
    CAPTURED = "captured"
    RELEASED = "released"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldDraft:
    """A hold as its author proposes it: the legs that a full capture would post.

    ``lifetime`` becomes a deadline by the database's clock; without one the hold stays until it is
    captured or released. ``source_event`` names the happening it stands for: the books take one
    hold of a reason from each source. ``is_up_to_available`` (two legs only) holds the amount or,
    if that is less, what the accounts it is taken from have available. ``closes_account`` names an
    account of the legs that is frozen at once, closed by the final capture, and opened again when
    the hold is released or expires.
    """

    reason: HoldReason
    description: str
    postings: Sequence[PostingDraft]
    lifetime: timedelta | None = None
    source_event: str = ""
    metadata: Mapping[str, object] = field(default_factory=dict)
    is_up_to_available: bool = False
    closes_account: str = ""

    def check(self) -> None:
        """Refuse what could never be held, whatever the accounts."""
        check_legs(self.postings)
        if self.lifetime is not None and self.lifetime <= timedelta(0):
            raise ValueError("a hold lives for some time")
        if self.is_up_to_available and len(self.postings) != 2:  # noqa: PLR2004  from and to
            raise UpToAvailableTakesTwo(postings=len(self.postings))
        if self.closes_account and self.closes_account not in {p.account for p in self.postings}:
            raise AccountNotInHold(account=self.closes_account)

    def fingerprint(self) -> bytes:
        """Equal for equal drafts: tells a repeated request from a reused key."""
        return fingerprint(
            self.reason,
            self.description,
            self.lifetime.total_seconds() if self.lifetime is not None else None,
            self.source_event,
            dict(self.metadata),
            self.is_up_to_available,
            self.closes_account,
            [[p.account, p.side, p.amount.minor, p.amount.currency] for p in self.postings],
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class CaptureDraft:
    """How much of a hold becomes an entry, and what the entry says.

    ``amount`` is for a hold of two legs; ``legs`` says it leg by leg (numbers from 1; a leg that is
    not named gives nothing). With neither, everything that is left is captured. ``is_final``
    releases the rest. What is not said of the entry is taken from the hold, and the value date is
    today in the tenant's zone. ``entry`` says it all at once: legs like the hold's, whose amounts
    become those of the capture.
    """

    amount: Money | None = None
    legs: Mapping[int, Money] | None = None
    is_final: bool = False
    kind: str = CAPTURE
    description: str = ""
    value_date: date | None = None
    effective_at: datetime | None = None
    source_event: str = ""
    metadata: Mapping[str, object] = field(default_factory=dict)
    entry: EntryDraft | None = None

    def fingerprint(self, hold_id: UUID) -> bytes:
        """Equal for equal captures of one hold."""
        return fingerprint(
            "capture",
            str(hold_id),
            _said(self.amount),
            _said_by_leg(self.legs),
            self.is_final,
            self.kind,
            self.description,
            self.value_date,
            self.effective_at.timestamp() if self.effective_at else None,
            self.source_event,
            dict(self.metadata),
            self.entry.fingerprint().hex() if self.entry else None,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseDraft:
    """How much of a hold is given back, and why. The amounts as in ``CaptureDraft``."""

    reason: str
    amount: Money | None = None
    legs: Mapping[int, Money] | None = None

    def fingerprint(self, hold_id: UUID) -> bytes:
        """Equal for equal releases of one hold."""
        said = (_said(self.amount), _said_by_leg(self.legs))
        return fingerprint("release", str(hold_id), self.reason, *said)


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldReceipt:
    """Proof that a hold was placed, captured or released.

    ``moved`` is what this movement held, captured or released and ``left`` what is open after it:
    the sum of one side in each currency. ``entry_id`` is the entry that a capture posted. A replay
    returns the first receipt again.
    """

    hold_id: UUID
    number: int
    kind: HoldMovementKind
    moved: tuple[Money, ...]
    left: tuple[Money, ...]
    at: datetime
    expires_at: datetime | None
    entry_id: UUID | None
    is_replay: bool


def _said(amount: Money | None) -> list[object] | None:
    return None if amount is None else [amount.minor, amount.currency]


def _said_by_leg(legs: Mapping[int, Money] | None) -> list[object] | None:
    return None if legs is None else [[leg, _said(amount)] for leg, amount in sorted(legs.items())]
