"""The calendar: its years and periods, what closings froze, and what was asked about them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db.models import Max, QuerySet

from apps.ledger.domain.periods import LATE_KINDS, SOFT_KINDS, PeriodState, RequestKind
from apps.ledger.errors import PeriodNotFound
from apps.ledger.models import (
    Calendar,
    FiscalYear,
    Period,
    PeriodBalance,
    PeriodClosing,
    PeriodRequest,
)
from apps.platform import clock
from apps.platform.ids import public_id
from apps.platform.money import Money


@dataclass(frozen=True, slots=True, kw_only=True)
class CalendarRow:
    """The tenant's rules. ``retained_earnings`` maps currencies to account codes."""

    first_month: int
    soft_kinds: tuple[str, ...]
    late_kinds: tuple[str, ...]
    retained_earnings: dict[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class ClosingRow:
    """One closing of a period, with the checklist as it was then."""

    id: UUID
    number: int
    state: PeriodState
    checklist: list[dict[str, Any]]
    note: str
    actor: str
    closed_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class PeriodRow:
    """A period of the calendar. ``closing`` is its last one, if it was ever closed."""

    id: UUID
    year: str
    year_id: UUID
    name: str
    starts: date
    ends: date
    state: PeriodState
    soft_kinds: tuple[str, ...]
    closings: tuple[ClosingRow, ...]
    waiting: int
    exceptions: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestRow:
    """A request to reopen a period or to make an exception."""

    id: UUID
    period_id: UUID
    period: str
    kind: RequestKind
    state: str
    is_active: bool
    reason: str
    kinds: tuple[str, ...]
    user_ids: tuple[UUID, ...]
    expires_at: datetime | None
    maker: str
    maker_person: str
    requested_at: datetime
    decider: str
    comment: str
    decided_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class FrozenBalance:
    """What an account came to at the end of a period, as the closing froze it."""

    account: str
    name: str
    account_class: str
    debits: Money
    credits: Money


def calendar() -> CalendarRow:
    """The tenant's rules, or the defaults while no fiscal year was opened."""
    row = Calendar.objects.first()
    return CalendarRow(
        first_month=row.first_month if row else 1,
        soft_kinds=tuple(row.soft_kinds if row else SOFT_KINDS),
        late_kinds=tuple(row.late_kinds if row else LATE_KINDS),
        retained_earnings=dict(row.retained_earnings) if row else {},
    )


def closed_through() -> date | None:
    """The last day that is closed, softly or for good; the next one is the first open day."""
    closed = Period.objects.exclude(state=PeriodState.OPEN)
    last: date | None = closed.aggregate(last=Max("ends"))["last"]
    return last


def periods(*, year: UUID | None = None) -> list[PeriodRow]:
    """The calendar's periods, the newest first."""
    rows = _periods()
    if year is not None:
        rows = rows.filter(year_id=year)
    return [period_row(row) for row in rows]


def period(id: UUID) -> PeriodRow:
    """One period. ``PeriodNotFound``."""
    row = _periods().filter(id=id).first()
    if row is None:
        raise PeriodNotFound(reference=public_id("per", id))
    return period_row(row)


def fiscal_years() -> list[FiscalYear]:
    """The years of the calendar, the newest first."""
    return list(FiscalYear.objects.order_by("-starts"))


def requests_of(period_id: UUID) -> list[RequestRow]:
    """What was asked about a period, the newest first."""
    rows = PeriodRequest.objects.filter(period_id=period_id).select_related("period")
    return [request_row(row) for row in rows]


def requests_awaiting(*, person: str) -> list[RequestRow]:
    """What waits for a second person, other than what ``person`` asked for."""
    rows = PeriodRequest.objects.filter(state="requested").exclude(maker_person=person)
    return [request_row(row) for row in rows.select_related("period").order_by("requested_at")]


def frozen_balances(closing_id: UUID) -> Sequence[FrozenBalance]:
    """The trial balance that a closing froze, by account code."""
    rows = PeriodBalance.objects.filter(closing_id=closing_id).select_related("account")
    return [
        FrozenBalance(
            account=row.account.code,
            name=row.account.name,
            account_class=row.account.account_class,
            debits=Money(row.debits_minor, row.account.currency),
            credits=Money(row.credits_minor, row.account.currency),
        )
        for row in rows.order_by("account__code")
    ]


def _periods() -> QuerySet[Period]:
    return (
        Period.objects.select_related("year")
        .prefetch_related("closing_rows", "requests")
        .order_by("-starts")
    )


def period_row(row: Period) -> PeriodRow:
    """The row of a model that was read with its year, closings and requests."""
    asked = [request for request in row.requests.all() if request.closing == row.closings]
    return PeriodRow(
        id=row.id,
        year=row.year.name,
        year_id=row.year_id,
        name=row.name,
        starts=row.starts,
        ends=row.ends,
        state=PeriodState(row.state),
        soft_kinds=tuple(row.soft_kinds),
        closings=tuple(_closing(closing) for closing in row.closing_rows.all()),
        waiting=sum(request.state == "requested" for request in asked),
        exceptions=sum(_is_active(request, row) for request in asked),
    )


def request_row(row: PeriodRequest) -> RequestRow:
    """The row of a model that was read with its period."""
    return RequestRow(
        id=row.id,
        period_id=row.period_id,
        period=row.period.name,
        kind=RequestKind(row.kind),
        state=row.state,
        is_active=_is_active(row, row.period),
        reason=row.reason,
        kinds=tuple(row.kinds),
        user_ids=tuple(row.user_ids),
        expires_at=row.expires_at,
        maker=row.maker,
        maker_person=row.maker_person,
        requested_at=row.requested_at,
        decider=row.decider,
        comment=row.comment,
        decided_at=row.decided_at,
    )


def _is_active(row: PeriodRequest, period: Period) -> bool:
    return (
        row.kind == RequestKind.EXCEPTION
        and row.state == "approved"
        and period.state == PeriodState.SOFT_CLOSED
        and row.closing == period.closings
        and row.expires_at is not None
        and row.expires_at > clock.now()
    )


def _closing(row: PeriodClosing) -> ClosingRow:
    return ClosingRow(
        id=row.id,
        number=row.number,
        state=PeriodState(row.state),
        checklist=row.checklist,
        note=row.note,
        actor=row.actor,
        closed_at=row.closed_at,
    )
