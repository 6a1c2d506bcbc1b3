"""Opening fiscal years and closing their periods."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from uuid import UUID

from django.db import connection

from apps.identity.services import require_step_up
from apps.ledger.domain.periods import (
    LATE_KINDS,
    MONTHS_IN_YEAR,
    SOFT_KINDS,
    PeriodLength,
    PeriodState,
    fiscal_year_name,
    months_after,
    periods_of_year,
)
from apps.ledger.errors import (
    ControlsFailed,
    FiscalYearOverlaps,
    PeriodCannotMove,
    PeriodNotFound,
)
from apps.ledger.events import PeriodClosed
from apps.ledger.models import Calendar, FiscalYear, Period, PeriodClosing
from apps.ledger.selectors.controls import Finding, checklist, closing_of
from apps.ledger.services.persons import person_behind
from apps.ledger.services.retries import again_when_in_the_way
from apps.platform import audit, clock
from apps.platform.actors import Actor
from apps.platform.events import record
from apps.platform.ids import public_id
from apps.platform.locks import take_turns
from apps.platform.tenant import current_tenant_id
from apps.platform.use_cases import use_case

#: How long closing waits for the postings under way, and every new one with it.
LOCK_WAIT = "3s"

_FREEZE = """
    INSERT INTO ledger_period_balance (tenant, closing_id, account_id, debits_minor, credits_minor)
    SELECT %s, %s, s.account_id, s.debits_minor, s.credits_minor
      FROM ledger_sums_through_v1(%s) s
"""


@use_case("ledger.open_fiscal_year")
def open_fiscal_year(
    *, starts: date, actor: Actor, length: PeriodLength = PeriodLength.MONTH
) -> UUID:
    """Put a fiscal year of twelve months and its periods into the calendar. Returns its id.

    Years follow one another without a gap. Opening one again with the same first day does nothing.
    """
    take_turns("ledger:calendar")
    present = FiscalYear.objects.filter(starts=starts).first()
    if present is not None:
        audit.nothing_happened()
        return present.id
    following = months_after(starts.replace(day=1), MONTHS_IN_YEAR)
    years = FiscalYear.objects.order_by("starts")
    first, last = years.first(), years.last()
    joins = first is None or last is None or last.ends + timedelta(days=1) == starts
    comes_before = first is not None and first.starts == following
    closed = Period.objects.exclude(state=PeriodState.OPEN).exists()
    if starts.day != 1 or not (joins or (comes_before and not closed)):
        raise FiscalYearOverlaps(starts=starts.isoformat())
    calendar, _ = Calendar.objects.get_or_create(
        defaults={
            "first_month": starts.month,
            "soft_kinds": list(SOFT_KINDS),
            "late_kinds": list(LATE_KINDS),
        }
    )
    year = FiscalYear.objects.create(
        name=fiscal_year_name(starts), starts=starts, ends=following - timedelta(days=1)
    )
    Period.objects.bulk_create(
        Period(
            year=year,
            name=draft.name,
            starts=draft.starts,
            ends=draft.ends,
            soft_kinds=calendar.soft_kinds,
        )
        for draft in periods_of_year(starts, length)
    )
    audit.note(public_id("fy", year.id), year=year.name)
    return year.id


@again_when_in_the_way
@use_case("ledger.close_period")
def close_period(
    *,
    period_id: UUID,
    to_state: PeriodState,
    actor: Actor,
    accepted: Sequence[str] = (),
    note: str = "",
    step_up_at: datetime | None = None,
) -> list[Finding]:
    """Close a period, softly or for good, and freeze what every account came to at its end.

    Waits for every posting under way, then runs the checklist: what blocks must pass, a warning may
    stand if its name is ``accepted``. Returns the checklist. A hard close is final and needs a
    second factor. Closing a period that is in that state does nothing.
    """
    if to_state is PeriodState.HARD_CLOSED:
        require_step_up(step_up_at=step_up_at)
    stop_posting()
    period = locked_period(period_id)
    if period.state == to_state:
        audit.nothing_happened()
        return []
    if to_state is PeriodState.OPEN or period.state == PeriodState.HARD_CLOSED:
        raise PeriodCannotMove(period=period.name, from_state=period.state, to_state=to_state)
    found = checklist(closing_of(period, to_state))
    standing = [one.control for one in found if not one.passed]
    if any(one.blocks for one in found if not one.passed) or set(standing) - set(accepted):
        raise ControlsFailed(period=period.name, controls=standing)
    period.state = to_state
    period.closings += 1
    period.save(update_fields=["state", "closings"])
    closing = PeriodClosing.objects.create(
        period=period,
        number=period.closings,
        state=to_state,
        checklist=[one.as_facts() for one in found],
        note=note,
        person=person_behind(actor),
        actor=str(actor),
        step_up_at=step_up_at,
        closed_at=clock.now(),
    )
    with connection.cursor() as cursor:
        cursor.execute(_FREEZE, [current_tenant_id(), closing.id, period.ends])
    _announce(period)
    audit.note(public_id("per", period.id), period=period.name, state=to_state, accepted=standing)
    return found


@use_case("ledger.set_soft_kinds")
def set_soft_kinds(*, period_id: UUID, kinds: Sequence[str], actor: Actor) -> None:
    """Say which kinds a period still takes while it is softly closed.

    Only while it is open: widening a closed one is an exception, which takes a second person.
    """
    period = locked_period(period_id)
    if period.state != PeriodState.OPEN:
        raise PeriodCannotMove(period=period.name, from_state=period.state, to_state="open")
    period.soft_kinds = sorted(set(kinds))
    period.save(update_fields=["soft_kinds"])
    audit.note(public_id("per", period.id), kinds=period.soft_kinds)


def stop_posting() -> None:
    """Wait until no posting is under way, and let none begin until the transaction ends.

    Taken before any row, so that closing never holds what a posting waits for.
    """
    with connection.cursor() as cursor:
        cursor.execute(f"SET LOCAL lock_timeout = '{LOCK_WAIT}'")
        cursor.execute("LOCK TABLE ledger_journal_entry IN SHARE ROW EXCLUSIVE MODE")
        cursor.execute("SET LOCAL lock_timeout = 0")


def locked_period(period_id: UUID) -> Period:
    """The period, locked until the transaction ends. ``PeriodNotFound``."""
    row = (
        Period.objects.select_for_update(of=("self",))
        .select_related("year")
        .filter(id=period_id)
        .first()
    )
    if row is None:
        raise PeriodNotFound(reference=public_id("per", period_id))
    return row


def _announce(period: Period) -> None:
    id = public_id("per", period.id)
    record(
        PeriodClosed(
            period_id=id,
            period=period.name,
            starts=period.starts,
            ends=period.ends,
            state=period.state,
            closing=period.closings,
        ),
        aggregate=id,
    )
