"""The organisation's statement: all its accounts together, with a running balance."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from tests.worlds.daraja.clock import EAT, eat, to_ms
from tests.worlds.daraja.errors import BadControl
from tests.worlds.daraja.store import Row
from tests.worlds.daraja.world import World


@dataclass(frozen=True, slots=True)
class Line:
    """One transfer as the organisation sees it: positive when money came in."""

    transfer: Row
    change_minor: int
    balance_minor: int


@dataclass(frozen=True, slots=True)
class Statement:
    """Transfers completed in ``[from_ms, to_ms)``, oldest first."""

    organisation: Row
    from_ms: int
    to_ms: int
    opening_minor: int
    closing_minor: int
    lines: tuple[Line, ...]
    written_at_ms: int


def draw(world: World, organisation: Row, from_ms: int, until_ms: int) -> Statement:
    """Read the statement of a period; it opens with everything completed before it."""
    shortcode = organisation["shortcode"]
    with world.store.transaction():
        changes = world.store.rows(
            "SELECT transfer.*, SUM(posting.amount_minor) AS change_minor FROM transfer"
            " JOIN posting USING (receipt)"
            " WHERE shortcode = ? AND account LIKE shortcode || '/%' AND completed_at_ms < ?"
            " GROUP BY receipt ORDER BY completed_at_ms, sequence",
            shortcode,
            until_ms,
        )
        written_at_ms = world.now_ms()
    opening = sum(row["change_minor"] for row in changes if row["completed_at_ms"] < from_ms)
    balance, lines = opening, []
    for row in changes:
        if row["completed_at_ms"] >= from_ms:
            balance += row["change_minor"]
            lines.append(Line(row, row["change_minor"], balance))
    return Statement(organisation, from_ms, until_ms, opening, balance, tuple(lines), written_at_ms)


def period(world: World, start: str | None, end: str | None) -> tuple[int, int]:
    """The bounds of a period in milliseconds; today in Nairobi when nothing is said.

    A date means the whole day in Nairobi, as first and as last; an instant means itself, and a
    last instant is left out.
    """
    today = eat(world.now_ms()).replace(hour=0, minute=0, second=0)
    first = _bound(start) if start else today
    last = _bound(end, is_last=True) if end else today + timedelta(days=1)
    return to_ms(first), to_ms(last)


def _bound(text: str, *, is_last: bool = False) -> datetime:
    try:
        # A plus sign that a client forgot to escape arrives as a space.
        moment = datetime.fromisoformat(text.replace(" ", "+") if "T" in text else text)
    except ValueError:
        raise BadControl(f"{text!r} is neither a date nor an instant of ISO 8601") from None
    if len(text) == len("2026-11-22") and is_last:
        moment += timedelta(days=1)
    return moment if moment.tzinfo else moment.replace(tzinfo=EAT)
