"""The words of the calendar: periods, fiscal years, and what a closed one still takes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

#: The entries that carry a year's result to retained earnings, and take it back.
CLOSE = "close"

#: Kinds a softly closed period takes unless the tenant says otherwise: the work of closing itself.
SOFT_KINDS = (CLOSE, "revaluation", "manual.adjustment")

#: Kinds whose late entries go to the next open day unless the tenant says otherwise. A provider
#: tells us of money that has moved whatever our calendar says: its entries must never get stuck.
LATE_KINDS = ("payments.*", "settlements.*")

#: The reason code of an entry that was sent on to the next open day.
LATE = "late"

MONTHS_IN_YEAR = 12


class PeriodState(StrEnum):
    """Whether postings may still count in a period."""

    OPEN = "open"
    SOFT_CLOSED = "soft_closed"  # takes only the kinds of its rule, and exceptions
    HARD_CLOSED = "hard_closed"  # final


class Late(StrEnum):
    """What becomes of an entry whose day is closed."""

    RULE = ""  # as the tenant's rule for its kind says
    REFUSE = "refuse"
    NEXT_OPEN = "next_open"  # counts on the first open day and keeps its true day in metadata


class RequestKind(StrEnum):
    """What a second person is asked for."""

    REOPEN = "reopen"
    EXCEPTION = "exception"


class RequestState(StrEnum):
    """Where such a request stands."""

    REQUESTED = "requested"
    APPROVED = "approved"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"
    REVOKED = "revoked"  # an exception ended before its time


class PeriodLength(StrEnum):
    """How long the periods of a fiscal year are."""

    MONTH = "month"
    QUARTER = "quarter"

    @property
    def months(self) -> int:
        """In whole months."""
        return 1 if self is PeriodLength.MONTH else 3


@dataclass(frozen=True, slots=True)
class PeriodDraft:
    """A period not yet in the calendar; both days belong to it."""

    name: str
    starts: date
    ends: date


def fiscal_year_start(day: date, first_month: int) -> date:
    """The first day of the fiscal year that ``day`` belongs to."""
    year = day.year if day.month >= first_month else day.year - 1
    return date(year, first_month, 1)


def fiscal_year_name(starts: date) -> str:
    """``FY2026``: a fiscal year is named after the calendar year in which it ends."""
    return f"FY{months_after(starts, MONTHS_IN_YEAR - 1).year}"


def periods_of_year(starts: date, length: PeriodLength) -> Iterator[PeriodDraft]:
    """The periods of the fiscal year that begins on ``starts``, without a gap."""
    for number in range(MONTHS_IN_YEAR // length.months):
        first = months_after(starts, number * length.months)
        last = months_after(first, length.months) - timedelta(days=1)
        name = f"{first:%Y-%m}"
        if length is PeriodLength.QUARTER:
            name = f"{fiscal_year_name(starts)} Q{number + 1}"
        yield PeriodDraft(name, first, last)


def months_after(first: date, months: int) -> date:
    """The first day of the month that is ``months`` after the one ``first`` begins."""
    index = first.year * MONTHS_IN_YEAR + first.month - 1 + months
    return date(index // MONTHS_IN_YEAR, index % MONTHS_IN_YEAR + 1, 1)
