"""What is refused about held money."""

from __future__ import annotations

from dataclasses import dataclass

from apps.platform.errors import DomainError, Kind


@dataclass(eq=False, kw_only=True)
class HoldNotFound(DomainError):
    """There is no hold with this id."""

    code = "ledger/hold-not-found"
    kind = Kind.NOT_FOUND
    advice = "Check the id."

    hold_id: str


@dataclass(eq=False, kw_only=True)
class HoldAlreadyClosed(DomainError):
    """Nothing is left of this hold: it was captured, released, or its time was over."""

    code = "ledger/hold-already-closed"
    kind = Kind.CONFLICT
    advice = "Look at the hold's movements; place a new hold if money is to be held again."

    hold_id: str
    hold_status: str


@dataclass(eq=False, kw_only=True)
class HoldExpired(DomainError):
    """The hold's time is over; what was left of it can no longer be captured."""

    code = "ledger/hold-expired"
    kind = Kind.CONFLICT
    advice = "Place a new hold, or post the entry without one."

    hold_id: str
    expired_at: str


@dataclass(eq=False, kw_only=True)
class CaptureExceedsHold(DomainError):
    """No more can be captured or released than is left of the hold."""

    code = "ledger/capture-exceeds-hold"
    kind = Kind.CONFLICT
    advice = "Take at most what is left; post the difference as an entry of its own."

    hold_id: str
    leg: int
    account: str
    asked_minor: int
    left_minor: int


@dataclass(eq=False, kw_only=True)
class HoldLegsDiffer(DomainError):
    """Amounts to capture or release must be those of the hold's legs, in their currencies."""

    code = "ledger/hold-legs-differ"
    kind = Kind.INVALID
    advice = "Give one amount for a hold of two legs; name each leg by its number otherwise."

    hold_id: str
    legs: int


@dataclass(eq=False, kw_only=True)
class DuplicateHold(DomainError):
    """The books already have a hold of this reason for this source event."""

    code = "ledger/duplicate-hold"
    kind = Kind.CONFLICT
    advice = "Nothing to do: look at the hold that is there."

    source_event: str
    reason: str
    hold_id: str


@dataclass(eq=False, kw_only=True)
class UpToAvailableTakesTwo(DomainError):
    """Only a movement of two legs can be cut down to what is available."""

    code = "ledger/up-to-available-takes-two"
    kind = Kind.INVALID
    advice = "Give one debit and one credit, or ask for a fixed amount."

    postings: int


@dataclass(eq=False, kw_only=True)
class AccountNotInHold(DomainError):
    """A hold can close only an account that it holds money of."""

    code = "ledger/account-not-in-hold"
    kind = Kind.INVALID
    advice = "Name one of the accounts of the hold's legs."

    account: str


@dataclass(eq=False, kw_only=True)
class AccountHasHolds(DomainError):
    """An account is closed only when nothing is held on it."""

    code = "ledger/account-has-holds"
    kind = Kind.CONFLICT
    advice = "Capture or release its open holds first."

    account: str
    currency: str
    pending_in_minor: int
    pending_out_minor: int


@dataclass(eq=False, kw_only=True)
class AccountNotHoldable(DomainError):
    """Money is held, and cut down to what is available, on accounts that are kept synchronously."""

    code = "ledger/account-not-holdable"
    kind = Kind.CONFLICT
    advice = "Change the account's balance mode, or hold the money on another account."

    account: str
    balance_mode: str
