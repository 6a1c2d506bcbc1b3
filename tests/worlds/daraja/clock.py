"""The simulator's own clock, and the forms in which M-Pesa writes a time (EAT, UTC+3)."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta, timezone

EAT = timezone(timedelta(hours=3))


class Clock:
    """The machine's time moved by an offset that the control API sets."""

    def __init__(self, offset_ms: int = 0) -> None:
        self.offset_ms = offset_ms

    def now_ms(self) -> int:
        return time.time_ns() // 1_000_000 + self.offset_ms


def eat(at_ms: int) -> datetime:
    """An instant as Nairobi reads it, to the second."""
    return datetime.fromtimestamp(at_ms // 1000, EAT)


def compact(at_ms: int) -> str:
    """``20261122153045``, as in STK and C2B messages."""
    return eat(at_ms).strftime("%Y%m%d%H%M%S")


def dotted(at_ms: int) -> str:
    """``22.11.2026 15:30:45``, as in B2C results."""
    return eat(at_ms).strftime("%d.%m.%Y %H:%M:%S")


def plain(at_ms: int) -> str:
    """``2026-11-22 15:30:45``, as in the organisation portal's statement."""
    return eat(at_ms).strftime("%Y-%m-%d %H:%M:%S")


def utc(at_ms: int) -> str:
    """ISO 8601 in UTC, for the control API."""
    return datetime.fromtimestamp(at_ms / 1000, UTC).isoformat(timespec="milliseconds")


def to_ms(moment: datetime) -> int:
    """Milliseconds of an instant; a naive one is Nairobi's."""
    return round((moment if moment.tzinfo else moment.replace(tzinfo=EAT)).timestamp() * 1000)
