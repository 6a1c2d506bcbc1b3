"""What the database's guards lock, so that of two at once the second sees what the first did."""

from __future__ import annotations

from datetime import date
from typing import Any

import psycopg
import pytest
from django.db import OperationalError, connection, transaction

from apps.ledger.domain import BalanceMode, credit, debit
from apps.ledger.errors import UnknownAccount
from apps.ledger.services import (
    change_account_mode,
    declare_unit,
    open_account,
    open_fiscal_year,
    post_entry,
)
from apps.ledger.services.posting import Instruction, write
from apps.platform.actors import SYSTEM
from apps.tenancy.contexts import inside
from apps.tenancy.models import Tenant
from tests.ledger.conftest import draft, kes

#: What a change of mode or of a period takes: no posting goes on beside it.
CHANGING = "SHARE ROW EXCLUSIVE"
MANY = 2
HOLDS = """
    SELECT count(*) FROM pg_locks WHERE pid = pg_backend_pid() AND granted
       AND relation = 'ledger_journal_entry'::regclass AND mode = 'ShareRowExclusiveLock'
"""


def other_session() -> psycopg.Connection[Any]:
    """Another session of the same database."""
    about = connection.get_connection_params()
    wanted = ("host", "port", "user", "password", "dbname")
    return psycopg.connect(**{name: about[name] for name in wanted if about.get(name)})


def ask(query: str, *arguments: Any) -> object:
    with connection.cursor() as cursor:
        cursor.execute(query, arguments)
        return cursor.fetchone()[0]


def test_a_reversal_by_hand_locks_what_it_takes_back(books: Tenant) -> None:
    made = draft(debit("9100", kes(9)), credit("9900", kes(9)))
    id = post_entry(draft=made, idempotency_key="k", actor=SYSTEM).entry_id
    is_locked = "SELECT xmax <> '0' FROM ledger_journal_entry WHERE id = %s"
    assert not ask(is_locked, id)
    back = draft(credit("9100", kes(9)), debit("9900", kes(9)), kind="reversal")
    request = Instruction(
        draft=back, idempotency_key="r", fingerprint=back.fingerprint(), reverses_id=id
    )
    write([request], SYSTEM)
    connection.check_constraints()
    assert ask(is_locked, id)


def test_closing_by_hand_holds_up_every_poster(books: Tenant) -> None:
    open_fiscal_year(starts=date(2026, 1, 1), actor=SYSTEM)
    change = "UPDATE ledger_period SET state = 'soft_closed', closings = 1 WHERE name = '2026-01'"
    assert ask(HOLDS) == 0
    ask(f"{change} RETURNING 1")
    assert ask(HOLDS) == 1


def test_a_unit_waits_for_the_account_that_is_being_opened(books: Tenant) -> None:
    declare_unit(code="PTS", name="Points", exponent=0, actor=SYSTEM)
    is_locked = "SELECT xmax <> '0' FROM ledger_unit WHERE code = 'PTS'"
    assert not ask(is_locked)
    open_account(code="9800", name="x", account_class="asset", currency="PTS", actor=SYSTEM)
    assert ask(is_locked)


def test_many_at_once_wait_for_a_change_of_mode_before_they_read_one(
    races: Tenant, django_db_blocker: Any
) -> None:
    """The entry is refused for its account: nothing but the lock keeps it from being answered."""
    bad = draft(debit("9100", kes(5)), credit("nowhere", kes(5)))
    request = Instruction(draft=bad, idempotency_key="k", fingerprint=bad.fingerprint())
    with django_db_blocker.unblock(), inside(races), other_session() as session:
        session.execute(f'LOCK TABLE "{races.schema_name}".ledger_journal_entry IN {CHANGING} MODE')
        with pytest.raises(OperationalError, match="lock timeout"), transaction.atomic():
            ask("SELECT set_config('lock_timeout', '100ms', true)")
            write([request] * MANY, SYSTEM)
        session.rollback()
        with pytest.raises(UnknownAccount), transaction.atomic():
            write([request] * MANY, SYSTEM)


def test_a_change_of_mode_holds_up_every_poster(books: Tenant) -> None:
    assert ask(HOLDS) == 0
    change_account_mode(code="9100", mode=BalanceMode.DEFERRED, reason="It is hot.", actor=SYSTEM)
    assert ask(HOLDS) == 1


def test_postings_are_made_where_a_guard_sees_the_present(races: Tenant) -> None:
    with other_session() as session:
        session.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        table = f'"{races.schema_name}".ledger_journal_entry'
        with pytest.raises(psycopg.DatabaseError) as refused:
            session.execute(f"INSERT INTO {table} SELECT * FROM {table} WHERE false")
        assert refused.value.sqlstate == "LG044"
