"""The lives of files exchanged with banks, and what may be said of them.

The database holds the same moves (``sql/0006_bank_files.sql``); a test compares the two.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from uuid import UUID
from zoneinfo import ZoneInfo

from apps.payments.domain.states import Direction
from apps.platform.money import Money


class BankFileState(StrEnum):
    """Of a file on its way out, or of one that came in."""

    BUILT = "built"  # proved and kept, not handed over
    DELIVERING = "delivering"  # committed before the first byte leaves
    UNKNOWN = "unknown"  # the hand-over was cut off: it may be there or not
    DELIVERED = "delivered"
    RECEIVED = "received"  # kept, not read
    DONE = "done"
    QUARANTINED = "quarantined"  # unreadable, unproved, or at odds with what we know
    DISCARDED = "discarded"  # a person decided that it means nothing


BANK_FILE_MOVES: Mapping[BankFileState, frozenset[BankFileState]] = {
    BankFileState.BUILT: frozenset({BankFileState.DELIVERING}),
    BankFileState.DELIVERING: frozenset(
        {BankFileState.BUILT, BankFileState.UNKNOWN, BankFileState.DELIVERED}
    ),
    BankFileState.UNKNOWN: frozenset({BankFileState.BUILT, BankFileState.DELIVERED}),
    BankFileState.DELIVERED: frozenset(),
    BankFileState.RECEIVED: frozenset({BankFileState.DONE, BankFileState.QUARANTINED}),
    BankFileState.QUARANTINED: frozenset({BankFileState.RECEIVED, BankFileState.DISCARDED}),
    BankFileState.DONE: frozenset(),
    BankFileState.DISCARDED: frozenset(),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class BankFileRow:
    """A file as people and other apps may see it. ``total`` is nothing for files that have none."""

    id: UUID
    provider_account: str
    direction: Direction
    state: BankFileState
    file_format: str
    name: str
    message_id: str
    sha256: str
    size_bytes: int
    count: int
    total: Money | None
    problem_code: str
    problem: str
    duplicates: int
    created_at: datetime
    finished_at: datetime | None
    stored_as: str


def last_cut_off(times: Sequence[str], zone: str, now: datetime) -> datetime:
    """The latest cut-off that is over; now itself when there are none.

    ``times`` are of the day in ``zone``. What was asked for before it leaves in its file.
    """
    if not times:
        return now
    here = ZoneInfo(zone)
    today = now.astimezone(here).date()
    moments = [
        datetime.combine(day, time.fromisoformat(at), here)
        for day in (today - timedelta(days=1), today)
        for at in times
    ]
    return max(moment for moment in moments if moment <= now)


def execution_day(today: date, days: int) -> date:
    """The day the bank is asked to pay: so many days on, never on a weekend."""
    day = today + timedelta(days=days)
    while day.weekday() > 4:  # noqa: PLR2004  Saturday and Sunday
        day += timedelta(days=1)
    return day
