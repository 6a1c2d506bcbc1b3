"""What is checked before a period is closed.

Each control is one question to the books. It answers what it found in a sentence; a blocking one
must pass, any other may be accepted by name. Features that know of something unfinished add theirs
with ``register_control``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

from django.db import connection

from apps.ledger.domain.journals import JournalState
from apps.ledger.domain.periods import PeriodState
from apps.ledger.models import ManualJournal, Period
from apps.ledger.selectors.clearing import clearing_accounts, open_keys
from apps.ledger.selectors.violations import books_violations
from apps.platform import clock
from apps.platform.tenant import current_tenant


@dataclass(frozen=True, slots=True)
class Closing:
    """What is about to be closed, and how far."""

    name: str
    starts: date
    ends: date
    to_state: PeriodState
    is_last_of_year: bool

    @property
    def is_final(self) -> bool:
        """True for a hard close."""
        return self.to_state is PeriodState.HARD_CLOSED


@dataclass(frozen=True, slots=True)
class Finding:
    """What one control found. ``blocks`` is true when closing must wait for it."""

    control: str
    title: str
    passed: bool
    blocks: bool
    detail: str = ""

    def as_facts(self) -> dict[str, Any]:
        """As the closing keeps it."""
        return asdict(self)


Control = Callable[[Closing], Finding | None]

_controls: list[Control] = []


def register_control(control: Control) -> Control:
    """Ask this control too. It answers ``None`` where it has nothing to say."""
    _controls.append(control)
    return control


def checklist(closing: Closing) -> list[Finding]:
    """Every control's finding, in the order of registration."""
    return [found for control in _controls if (found := control(closing)) is not None]


def closing_of(row: Period, to_state: PeriodState) -> Closing:
    """The closing that is asked about."""
    return Closing(
        name=row.name,
        starts=row.starts,
        ends=row.ends,
        to_state=to_state,
        is_last_of_year=row.ends == row.year.ends,
    )


def count(query: str, arguments: list[Any]) -> int:
    """The one number a query answers."""
    with connection.cursor() as cursor:
        cursor.execute(query, arguments)
        return int(cursor.fetchone()[0])


@register_control
def _has_ended(closing: Closing) -> Finding:
    today = clock.today(current_tenant().zone)
    return Finding(
        "ended",
        "The period has ended",
        passed=closing.ends < today,
        blocks=True,
        detail="" if closing.ends < today else f"Its last day is {closing.ends}.",
    )


@register_control
def _earlier_are_closed(closing: Closing) -> Finding:
    before = Period.objects.filter(ends__lt=closing.starts)
    unready = (
        before.exclude(state=PeriodState.HARD_CLOSED)
        if closing.is_final
        else before.filter(state=PeriodState.OPEN)
    )
    names = list(unready.order_by("starts").values_list("name", flat=True)[:3])
    return Finding(
        "earlier_periods",
        "Every earlier period is closed" + (" for good" if closing.is_final else ""),
        passed=not names,
        blocks=True,
        detail=f"Close {', '.join(names)} first." if names else "",
    )


@register_control
def _both_sides_agree(closing: Closing) -> Finding:
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT a.currency, sum(s.debits_minor), sum(s.credits_minor)
              FROM ledger_sums_through_v1(%s) s JOIN ledger_account a ON a.id = s.account_id
             GROUP BY a.currency HAVING sum(s.debits_minor) <> sum(s.credits_minor)
            """,
            [closing.ends],
        )
        uneven = [f"{currency}: {debit} and {credit}" for currency, debit, credit in cursor]
    return Finding(
        "both_sides_agree",
        "Debits equal credits in every currency at the period's end",
        passed=not uneven,
        blocks=True,
        detail="; ".join(uneven),
    )


@register_control
def _books_are_sound(_: Closing) -> Finding:
    broken = sorted({violation.check for violation in books_violations(mode="fast")})
    return Finding(
        "books_are_sound",
        "The books keep their laws",
        passed=not broken,
        blocks=True,
        detail=f"Broken: {', '.join(broken)}." if broken else "",
    )


@register_control
def _year_is_carried(closing: Closing) -> Finding | None:
    if not (closing.is_final and closing.is_last_of_year):
        return None
    left = count(
        """
        SELECT count(*) FROM ledger_sums_through_v1(%s) s
          JOIN ledger_account a ON a.id = s.account_id
         WHERE a.account_class IN ('income', 'expense') AND s.debits_minor <> s.credits_minor
        """,
        [closing.ends],
    )
    return Finding(
        "year_is_carried",
        "The year's result is in retained earnings",
        passed=not left,
        blocks=True,
        detail=f"Accounts that still hold income or expense: {left}." if left else "",
    )


@register_control
def _nothing_is_asked(closing: Closing) -> Finding | None:
    if not closing.is_final:
        return None
    asked = count(
        """
        SELECT count(*) FROM ledger_period_request x JOIN ledger_period p ON p.id = x.period_id
         WHERE p.name = %s AND x.closing = p.closings AND (x.state = 'requested'
               OR (x.state = 'approved' AND x.expires_at > now()))
        """,
        [closing.name],
    )
    return Finding(
        "nothing_is_asked",
        "No request waits and no exception runs",
        passed=not asked,
        blocks=False,
        detail=f"{asked} still stand; closing for good ends them." if asked else "",
    )


@register_control
def _all_is_folded(closing: Closing) -> Finding:
    waiting = count(
        "SELECT count(*) FROM ledger_posting WHERE account_version IS NULL AND value_date <= %s",
        [closing.ends],
    )
    return Finding(
        "all_is_folded",
        "Every posting is added up in its account",
        passed=not waiting,
        blocks=False,
        detail=f"Still to be added up: {waiting}. What is frozen counts them." if waiting else "",
    )


@register_control
def _all_is_sealed(closing: Closing) -> Finding | None:
    if not closing.is_final:
        return None
    waiting = count(
        """
        SELECT count(*) FROM ledger_journal_entry e
          LEFT JOIN ledger_seal s ON s.entry_id = e.id
         WHERE e.value_date <= %s AND s.entry_id IS NULL
        """,
        [closing.ends],
    )
    return Finding(
        "all_is_sealed",
        "Every entry is sealed",
        passed=not waiting,
        blocks=False,
        detail=f"Not sealed yet: {waiting}. That happens by itself." if waiting else "",
    )


@register_control
def _no_hold_is_overdue(_: Closing) -> Finding:
    overdue = count(
        "SELECT count(*) FROM ledger_hold WHERE status = 'open' AND expires_at <= now()", []
    )
    return Finding(
        "no_hold_is_overdue",
        "No hold is past its expiry",
        passed=not overdue,
        blocks=False,
        detail=f"Past their expiry and not released: {overdue}." if overdue else "",
    )


@register_control
def _keys_are_cleared(closing: Closing) -> Finding | None:
    rows = open_keys(as_of=closing.ends, limit=None)
    late = sorted({row.account for row in rows if row.is_late})
    if not clearing_accounts():
        return None
    return Finding(
        "keys_are_cleared",
        "Every clearing key is at zero, or not late yet",
        passed=not late,
        blocks=False,
        detail=f"Late keys on {', '.join(late[:3])}: look at clearing by age." if late else "",
    )


@register_control
def _no_journal_waits(closing: Closing) -> Finding:
    waiting = ManualJournal.objects.filter(
        state__in=[JournalState.SUBMITTED, JournalState.APPROVED], value_date__lte=closing.ends
    ).count()
    return Finding(
        "no_journal_waits",
        "No manual journal of the period waits",
        passed=not waiting,
        blocks=closing.is_final,
        detail=f"Waiting for approval or posting: {waiting}." if waiting else "",
    )
