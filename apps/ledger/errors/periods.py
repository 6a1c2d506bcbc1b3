"""What closed periods refuse, and what the calendar refuses."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from apps.platform.errors import DomainError, Kind


@dataclass(eq=False, kw_only=True)
class PeriodHardClosed(DomainError):
    """The period is closed for good: nothing more can count in it."""

    code = "ledger/period-hard-closed"
    kind = Kind.CONFLICT
    advice = "Let the entry count on the first open day, and say its true day in the description."

    period: str
    value_date: str
    entry_kind: str
    first_open: str


@dataclass(eq=False, kw_only=True)
class PeriodSoftClosed(DomainError):
    """The period is closed and does not take entries of this kind from this author."""

    code = "ledger/period-soft-closed"
    kind = Kind.CONFLICT
    advice = "Choose the first open day, or ask for an exception on the period's page."

    period: str
    value_date: str
    entry_kind: str
    first_open: str


@dataclass(eq=False, kw_only=True)
class PeriodNotFound(DomainError):
    """There is no such period, fiscal year or request in this calendar."""

    code = "ledger/period-not-found"
    kind = Kind.NOT_FOUND
    advice = "Look at the calendar; a fiscal year is opened before its periods can be closed."

    reference: str


@dataclass(eq=False, kw_only=True)
class PeriodCannotMove(DomainError):
    """The period cannot go to that state from where it is."""

    code = "ledger/period-cannot-move"
    kind = Kind.CONFLICT
    advice = (
        "Close periods in their order and reopen the last closed one first; a hard close stays."
    )

    period: str
    from_state: str
    to_state: str


@dataclass(eq=False, kw_only=True)
class ControlsFailed(DomainError):
    """The checklist of the period does not allow it to be closed."""

    code = "ledger/controls-failed"
    kind = Kind.CONFLICT
    advice = "Clear what blocks; accept each remaining warning by name if it may stand."

    period: str
    controls: list[str] = field(default_factory=list)


@dataclass(eq=False, kw_only=True)
class FiscalYearOverlaps(DomainError):
    """A fiscal year begins on the first day of a month and follows the one before it."""

    code = "ledger/fiscal-year-overlaps"
    kind = Kind.CONFLICT
    advice = "Open the year that comes next, or one before all others while none is closed."

    starts: str


@dataclass(eq=False, kw_only=True)
class RequestDecided(DomainError):
    """The request is no longer waiting for a decision."""

    code = "ledger/request-decided"
    kind = Kind.CONFLICT
    advice = "Look again; make a new request if it is still needed."

    state: str


@dataclass(eq=False, kw_only=True)
class FourEyes(DomainError):
    """Whoever asked does not decide: another person must."""

    code = "ledger/four-eyes"
    kind = Kind.FORBIDDEN
    advice = "Ask a colleague who may approve."

    maker: str


@dataclass(eq=False, kw_only=True)
class ExpiryNotAhead(DomainError):
    """An exception ends in the future, at most 31 days from now."""

    code = "ledger/expiry-not-ahead"
    kind = Kind.INVALID
    advice = "Choose a time within the next 31 days."

    expires_at: Any


@dataclass(eq=False, kw_only=True)
class RetainedEarningsMissing(DomainError):
    """An open equity account must be named to take the year's result in each currency."""

    code = "ledger/retained-earnings-missing"
    kind = Kind.INVALID
    advice = "Name the retained earnings account of the currency and start again."

    currency: str
    account: str = ""


@dataclass(eq=False, kw_only=True)
class YearNotReady(DomainError):
    """A year's result moves while the last of its periods is softly closed."""

    code = "ledger/year-not-ready"
    kind = Kind.CONFLICT
    advice = "Close the year's periods, the last one softly: a hard close is final."

    year: str
    periods: list[str] = field(default_factory=list)
