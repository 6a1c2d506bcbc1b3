"""The one clock. Tests move it; nothing else asks the machine for the time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

_source: ContextVar[Callable[[], datetime] | None] = ContextVar("clock_source", default=None)


def now() -> datetime:
    """The present instant, in UTC."""
    source = _source.get()
    return source() if source else datetime.now(UTC)  # noqa: TID251  this is the one place


def moved() -> datetime | None:
    """The instant a test has set the clock to; nothing when time is real.

    For what the database's own clock decides: it takes this instant instead when there is one.
    """
    source = _source.get()
    return source() if source else None


def today(zone: str = "UTC") -> date:
    """The calendar day it now is in ``zone`` (an IANA name)."""
    return now().astimezone(ZoneInfo(zone)).date()


@contextmanager
def reading(source: Callable[[], datetime]) -> Iterator[None]:
    """Within the block, time is what ``source`` says."""
    token = _source.set(source)
    try:
        yield
    finally:
        _source.reset(token)
