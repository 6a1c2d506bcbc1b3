"""Closing a period beside those who post into it, on connections of their own."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import date, timedelta
from uuid import UUID

import pytest
from django.db import connection, transaction

from apps.ledger import errors
from apps.ledger.domain import credit, debit
from apps.ledger.domain.periods import PeriodState
from apps.ledger.models import Period
from apps.ledger.selectors.periods import frozen_balances, period
from apps.ledger.services import close_period, open_account, open_fiscal_year, post_entry
from apps.platform.actors import SYSTEM
from apps.platform.errors import DomainError
from apps.platform.ids import new_id
from apps.tenancy.contexts import inside
from apps.tenancy.models import Tenant
from tests.ledger.conftest import draft, kes

PATIENCE_SECONDS = 20


@pytest.fixture
def account(races: Tenant, django_db_blocker: pytest.FixtureRequest) -> Iterator[str]:
    """A fresh account, in books with a calendar that nobody else posts into."""
    with django_db_blocker.unblock(), inside(races):  # type: ignore[attr-defined]
        open_fiscal_year(starts=date(2001, 1, 1), actor=SYSTEM)
        code = f"race.{new_id()}"
        open_account(code=code, name=code, account_class="asset", currency="KES", actor=SYSTEM)
        yield code


def next_open() -> Period:
    """The earliest open period: closing goes on from one test to the next."""
    return Period.objects.filter(state=PeriodState.OPEN).order_by("starts")[0]


def aside(tenant: Tenant, pool: ThreadPoolExecutor, work: Callable[[], object]) -> Future[object]:
    """Run ``work`` on a thread and connection of its own; answers or refusals."""

    def run() -> object:
        try:
            with inside(tenant):
                return work()
        except DomainError as refusal:
            return refusal
        finally:
            connection.close()

    return pool.submit(run)


def until_somebody_waits() -> None:
    """Until another connection waits for the journal, so no longer than it takes."""
    ends = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < ends:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(*) FROM pg_locks WHERE NOT granted"
                " AND relation = 'ledger_journal_entry'::regclass"
            )
            if cursor.fetchone()[0]:
                return
        time.sleep(0.005)
    raise AssertionError("nobody waits")


def post(code: str, day: date) -> UUID:
    made = draft(debit(code, kes(5)), credit("9100", kes(5)), value_date=day)
    return post_entry(draft=made, idempotency_key=str(new_id()), actor=SYSTEM).entry_id


def close(row: Period) -> object:
    return close_period(period_id=row.id, to_state=PeriodState.SOFT_CLOSED, actor=SYSTEM)


def test_a_late_entry_by_itself_goes_on_or_is_refused(account: str) -> None:
    late = next_open()
    close_period(period_id=late.id, to_state=PeriodState.SOFT_CLOSED, actor=SYSTEM)

    def post(kind: str) -> date:
        legs = debit(account, kes(1)), credit("9900", kes(1))
        made = draft(*legs, kind=kind, value_date=late.starts)
        return post_entry(draft=made, idempotency_key=str(new_id()), actor=SYSTEM).value_date

    assert post("payments.capture") == late.ends + timedelta(days=1)
    with pytest.raises(errors.PeriodSoftClosed):
        post("sale")


def test_closing_waits_for_a_posting_under_way_and_freezes_it(races: Tenant, account: str) -> None:
    row = next_open()
    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            post(account, row.ends)
            closing = aside(races, pool, lambda: close(row))
            until_somebody_waits()
            assert not closing.done()
        assert isinstance(closing.result(PATIENCE_SECONDS), list)
    frozen = frozen_balances(period(row.id).closings[-1].id)
    assert {one.account: one.debits for one in frozen}[account] == kes(5)


def test_a_posting_that_queued_behind_the_closing_is_refused(races: Tenant, account: str) -> None:
    row = next_open()
    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            close(row)
            posting = aside(races, pool, lambda: post(account, row.ends))
            until_somebody_waits()
            assert not posting.done()
        assert isinstance(posting.result(PATIENCE_SECONDS), errors.PeriodSoftClosed)
    frozen = frozen_balances(period(row.id).closings[-1].id)
    assert account not in {one.account for one in frozen}


def test_writers_and_a_closer_at_once_leave_what_was_frozen(races: Tenant, account: str) -> None:
    row = next_open()
    start = threading.Barrier(5)
    posted: list[UUID] = []

    def write() -> None:
        start.wait()
        posted.extend(post(account, row.ends) for _ in range(10))

    def shut() -> None:
        start.wait()
        close(row)

    with ThreadPoolExecutor(5) as pool:
        answers = [aside(races, pool, work) for work in [write] * 4 + [shut]]
        done = [answer.result(PATIENCE_SECONDS) for answer in answers]
    assert done[-1] is None
    assert all(isinstance(one, errors.PeriodSoftClosed | None) for one in done)
    frozen = frozen_balances(period(row.id).closings[-1].id)
    debits = {one.account: one.debits.minor for one in frozen}
    assert debits.get(account, 0) == 5 * len(posted)
