"""Recorded rates, and the rate of any pair at any instant."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from uuid import UUID
from zoneinfo import ZoneInfo

from apps.ledger.domain.fx import Mid, Rate, RateBook, RateSource
from apps.ledger.errors.fx import RateMissing, RateStale
from apps.ledger.models import FxRate, FxRateProposal
from apps.platform import clock
from apps.platform.tenant import current_tenant

LIST_MAX = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class RateRow:
    """A recorded rate: one unit of ``base`` in units of ``quote``."""

    id: UUID
    base: str
    quote: str
    rate: Decimal
    valid_from: datetime
    valid_until: datetime
    source: RateSource
    provider: str
    recorded_at: datetime
    recorded_by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ProposalRow:
    """A manual rate that waits for a second person, or what was decided about it."""

    id: UUID
    base: str
    quote: str
    rate: Decimal
    valid_from: datetime
    valid_until: datetime
    deviation_bps: int | None
    state: str
    maker_name: str
    maker_person: str
    proposed_at: datetime


def rates(*, base: str = "", quote: str = "", limit: int = LIST_MAX) -> list[RateRow]:
    """The newest recorded rates, of one base or quote currency if it is given."""
    rows = FxRate.objects.order_by("-valid_from", "-id")
    if base:
        rows = rows.filter(base=base)
    if quote:
        rows = rows.filter(quote=quote)
    return [rate_row(row) for row in rows[:limit]]


def rate(id: UUID) -> RateRow:
    """One recorded rate; it must exist."""
    return rate_row(FxRate.objects.get(id=id))


def mid_rate(base: str, quote: str, at: datetime | None = None) -> Mid:
    """The middle rate of a pair at an instant (now), with its derivation.

    ``RateMissing`` or ``RateStale``: nothing is ever assumed.
    """
    at = at or clock.now()
    mid = rate_book(at, at).mid(base, quote, at)
    if mid is None:
        raise _why(base, quote, at)
    return mid


def closing_of(day: date) -> datetime:
    """The instant whose rates close a day: its last one in the tenant's zone, or now."""
    zone = ZoneInfo(current_tenant().zone)
    begins = datetime.combine(day + timedelta(days=1), time.min, zone)
    return min(begins - timedelta(microseconds=1), clock.now())


def rate_book(first: datetime, last: datetime) -> RateBook:
    """Every rate that is valid at some instant from ``first`` to ``last``."""
    rows = FxRate.objects.filter(valid_from__lte=last, valid_until__gt=first)
    return RateBook(map(_rate, rows), functional=current_tenant().functional_currency)


def pending_proposals() -> list[ProposalRow]:
    """Rates that wait for a second person, the oldest first; at most ``LIST_MAX``."""
    rows = FxRateProposal.objects.filter(state="pending").order_by("proposed_at")
    return [
        ProposalRow(
            id=row.id,
            base=row.base,
            quote=row.quote,
            rate=row.rate,
            valid_from=row.valid_from,
            valid_until=row.valid_until,
            deviation_bps=row.deviation_bps,
            state=row.state,
            maker_name=row.maker_name,
            maker_person=row.maker_person,
            proposed_at=row.proposed_at,
        )
        for row in rows[:LIST_MAX]
    ]


def rate_row(row: FxRate) -> RateRow:
    """The row of a model."""
    return RateRow(
        id=row.id,
        base=row.base,
        quote=row.quote,
        rate=row.rate,
        valid_from=row.valid_from,
        valid_until=row.valid_until,
        source=RateSource(row.source),
        provider=row.provider,
        recorded_at=row.recorded_at,
        recorded_by=row.recorded_by,
    )


def _why(base: str, quote: str, at: datetime) -> RateMissing | RateStale:
    """Whether there was a rate once: look at the last of each pair, as if it never ended."""
    newest = (
        FxRate.objects.filter(valid_from__lte=at)
        .order_by("base", "quote", "-valid_from", "-recorded_at")
        .distinct("base", "quote")
    )
    ends = {row.id: row.valid_until for row in newest}
    book = RateBook(
        (_rate(row, valid_until=datetime.max.replace(tzinfo=at.tzinfo)) for row in newest),
        functional=current_tenant().functional_currency,
    )
    once = book.mid(base, quote, at)
    if once is None:
        return RateMissing(base=base, quote=quote, at=at.isoformat())
    ended = min(ends[hop.rate.id] for hop in once.hops)
    return RateStale(base=base, quote=quote, at=at.isoformat(), valid_until=ended.isoformat())


def _rate(row: FxRate, valid_until: datetime | None = None) -> Rate:
    return Rate(
        id=row.id,
        base=row.base,
        quote=row.quote,
        rate=row.rate,
        valid_from=row.valid_from,
        valid_until=valid_until or row.valid_until,
        source=RateSource(row.source),
        recorded_at=row.recorded_at,
    )
