"""Balances and statements by both clocks, against every posting added up."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from apps.ledger.domain import credit, debit
from apps.ledger.models import Posting
from apps.ledger.selectors import (
    StatementBasis,
    StatementLine,
    account_balance_as_of,
    account_statement,
    books_violations,
)
from apps.ledger.services import post_entries, post_entry
from apps.platform import clock
from apps.platform.actors import SYSTEM, Actor
from apps.platform.errors import UnknownCursor
from apps.tenancy.models import Tenant
from tests.ledger.conftest import draft, kes

START = datetime(2026, 2, 1, 6, 0, tzinfo=UTC)
ZONE = ZoneInfo("Africa/Nairobi")
HOURS = st.integers(-72, 72)

#: (minor, debit or credit, hours until it is recorded, days of value before, whether its instant
#: is known)
happenings = st.lists(
    st.tuples(
        st.integers(1, 999), st.booleans(), st.integers(0, 30), st.integers(-4, 4), st.booleans()
    ),
    min_size=1,
    max_size=12,
)


def post_all(happened: list[tuple[int, bool, int, int, bool]]) -> None:
    at = START
    for number, (minor, is_debit, hours, days, knows) in enumerate(happened):
        at += timedelta(hours=hours)
        effective_at = at - timedelta(days=days)
        one, other = (debit, credit) if is_debit else (credit, debit)
        made = draft(
            one("9100", kes(minor)),
            other("9900", kes(minor)),
            value_date=effective_at.astimezone(ZONE).date(),
            effective_at=effective_at if knows else None,
        )
        with clock.reading(lambda at=at: at):  # type: ignore[misc]
            post_entry(draft=made, idempotency_key=f"k{number}", actor=SYSTEM)


def added_up(as_of: date | datetime | None, recorded: datetime | None) -> int:
    """The balance of 9100 from its postings alone, by the words of the definition."""
    minor = 0
    for row in Posting.objects.filter(account__code="9100").select_related("entry"):
        if recorded is not None and row.posted_at > recorded:
            continue
        if isinstance(as_of, datetime):
            day = as_of.astimezone(ZONE).date()
            instant = row.entry.effective_at
            if row.value_date > day:
                continue
            if row.value_date == day and instant is not None and instant > as_of:
                continue
        elif as_of is not None and row.value_date > as_of:
            continue
        minor += row.amount_minor if row.side == "D" else -row.amount_minor
    return minor


@settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    happened=happenings,
    points=st.lists(st.tuples(HOURS, HOURS), min_size=1, max_size=6),
    window=st.tuples(st.integers(-5, 5), st.integers(0, 8)),
    limit=st.integers(1, 4),
)
def test_any_point_of_both_clocks_is_the_sum_of_what_was_recorded_by_then(
    books: Tenant,
    happened: list[tuple[int, bool, int, int, bool]],
    points: list[tuple[int, int]],
    window: tuple[int, int],
    limit: int,
) -> None:
    with transaction.atomic():
        post_all(happened)
        assert books_violations() == []
        for effective_hours, recorded_hours in points:
            effective = START + timedelta(hours=effective_hours)
            recorded = START + timedelta(hours=recorded_hours)
            for as_of in (None, effective.date(), effective):
                for recorded_as_of in (None, recorded):
                    found = account_balance_as_of("9100", as_of, recorded_as_of=recorded_as_of)
                    assert found.balance.minor == added_up(as_of, recorded_as_of)
        starts = START.date() + timedelta(days=window[0])
        for basis in StatementBasis:
            for recorded_as_of in (None, START + timedelta(hours=points[0][1])):
                ties_out(starts, starts + timedelta(days=window[1]), basis, recorded_as_of, limit)
        transaction.set_rollback(True)


def ties_out(
    starts: date, ends: date, basis: StatementBasis, recorded: datetime | None, limit: int
) -> None:
    """Page by page it is the whole statement, and every balance follows from the one before."""
    whole = account_statement("9100", starts, ends, basis=basis, recorded_as_of=recorded)
    minor = whole.opening.minor
    for line in whole.lines:
        minor += line.side.sign * line.amount.minor
        assert line.balance.minor == minor
    assert minor == whole.closing.minor
    assert (whole.opening + whole.debits - whole.credits) == whole.closing
    if basis is StatementBasis.VALUE:
        assert whole.opening.minor == added_up(starts - timedelta(days=1), recorded)
        assert all(starts <= line.value_date <= ends for line in whole.lines)
    else:
        days = [line.posted_at.astimezone(ZONE).date() for line in whole.lines]
        assert all(starts <= day <= ends for day in days)
    pages: list[StatementLine] = []
    after = None
    while True:
        page = account_statement(
            "9100", starts, ends, basis=basis, recorded_as_of=recorded, after=after, limit=limit
        )
        pages += page.lines
        assert (page.opening, page.closing) == (whole.opening, whole.closing)
        if page.next is None:
            break
        after = page.next
    assert tuple(pages) == whole.lines


def test_what_was_believed_then_is_not_what_is_known_now(books: Tenant, amina: Actor) -> None:
    january, february = date(2026, 1, 31), date(2026, 2, 5)
    first = datetime(2026, 1, 31, 9, tzinfo=UTC)
    for key, at in (("a", first), ("late", datetime(2026, 2, 9, 9, tzinfo=UTC))):
        made = draft(debit("9100", kes(100)), credit("9900", kes(100)), value_date=january)
        with clock.reading(lambda at=at: at):  # type: ignore[misc]
            post_entry(draft=made, idempotency_key=key, actor=amina)
    assert account_balance_as_of("9100", january).balance == kes(200)
    assert account_balance_as_of("9100", january, recorded_as_of=february).balance == kes(100)
    assert account_balance_as_of("9100", recorded_as_of=january).balance == kes(100)
    printed = account_statement("9100", january, january, recorded_as_of=february)
    assert (printed.closing, len(printed.lines)) == (kes(100), 1)


def test_a_cursor_is_good_for_its_statement_alone_and_keeps_out_what_came_later(
    books: Tenant, amina: Actor
) -> None:
    day = date(2026, 2, 1)
    made = draft(debit("9100", kes(1)), credit("9900", kes(1)), value_date=day)
    post_entries(drafts={f"k{n}": made for n in range(3)}, actor=amina)
    page = account_statement("9100", day, day, limit=2)
    assert page.next is not None
    post_entry(draft=made, idempotency_key="later", actor=amina)
    rest = account_statement("9100", day, day, limit=2, after=page.next)
    assert (len(rest.lines), rest.closing, rest.next) == (1, kes(3), None)
    assert rest.recorded_as_of == page.recorded_as_of
    with pytest.raises(UnknownCursor):
        account_statement("9900", day, day, after=page.next)
