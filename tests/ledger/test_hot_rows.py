"""What every posting shares with every other: no lock of a foreign key on it, and no NOTIFY."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from apps.ledger.domain import credit, debit
from apps.ledger.domain.holds import CaptureDraft, HoldDraft, HoldReason
from apps.ledger.services import (
    capture_hold,
    place_hold,
    post_entries,
    post_entry,
    reverse_entry,
)
from apps.platform.actors import SYSTEM
from apps.platform.ids import new_id
from apps.tenancy.contexts import inside
from apps.tenancy.models import Tenant
from tests.ledger.conftest import VALUE_DATE, draft, kes
from tests.ledger.rows import insert, row
from tests.mutants.guards import tables

#: Written by postings and holds, and by their triggers.
WRITTEN = """
    account_balance balance_day balance_shard clearing_key hold hold_leg hold_movement item
    item_link journal_entry monitor_crossing posting velocity_usage
"""
#: The only rows they point at: those of their own transaction, those they use up or turn over.
POINTED_AT = {
    f"ledger_{name}"
    for name in ("balance_monitor", "hold", "hold_leg", "item_settlement", "journal_entry")
}
#: Rows that a posting changes, and therefore locks itself, for as short as it can.
CHANGED = {"ledger_account_balance", "ledger_balance_day"}


def rows(query: str, *arguments: Any) -> list[tuple[object, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(query, arguments)
        return list(cursor.fetchall())


def test_no_foreign_key_of_a_posting_points_at_a_row_that_others_want(books: Tenant) -> None:
    """A key's check locks the row it points at FOR KEY SHARE: a write to it for each posting."""
    found = rows(
        "SELECT conname, confrelid::regclass::text FROM pg_constraint"
        " WHERE contype = 'f' AND conrelid = ANY (%s::regclass[])",
        [f"ledger_{name}" for name in WRITTEN.split()],
    )
    assert [one for one in found if one[1] not in POINTED_AT] == []


def test_posting_locks_nothing_it_does_not_change(races: Tenant, django_db_blocker: Any) -> None:
    """``xmax`` is who locked a row last: accounts, units, periods, templates are only looked at."""
    with django_db_blocker.unblock(), inside(races), transaction.atomic():
        before = rows_and_lockers()
        post_much()
        assert locked_since(before) <= POINTED_AT | CHANGED
        assert rows("SELECT 1 FROM ledger_account FOR KEY SHARE")
        assert "ledger_account" in locked_since(before), "so it would have been noticed"
        transaction.set_rollback(True)


def rows_and_lockers() -> dict[str, set[tuple[object, ...]]]:
    """Of every table of the ledger: its rows, by their place, and who locked each of them last."""
    return {name: set(rows(f"SELECT ctid::text, xmax::text FROM {name}")) for name in tables()}


def locked_since(before: dict[str, set[tuple[object, ...]]]) -> set[str]:
    return {name for name, now in rows_and_lockers().items() if not before[name] <= now}


def post_much() -> None:
    sale = draft(debit("9100", kes(900)), credit("9500.one", kes(900)))
    first = post_entry(draft=sale, idempotency_key="one", actor=SYSTEM)
    post_entries(drafts=dict.fromkeys(("two", "three"), sale), actor=SYSTEM)
    hold = HoldDraft(
        reason=HoldReason.OTHER,
        description="x",
        postings=[debit("9500.one", kes(500)), credit("9900", kes(500))],
        lifetime=timedelta(hours=1),
    )
    placed = place_hold(draft=hold, idempotency_key="four", actor=SYSTEM)
    capture_hold(
        hold_id=placed.hold_id,
        draft=CaptureDraft(value_date=VALUE_DATE),
        idempotency_key="five",
        actor=SYSTEM,
    )
    reverse_entry(entry_id=first.entry_id, reason="x", idempotency_key="six", actor=SYSTEM)
    connection.check_constraints()


def test_posting_notifies_nobody(books: Tenant) -> None:
    """A NOTIFY makes every commit of the server wait for one lock; the outbox is polled instead."""
    found = rows(
        "SELECT oid::regprocedure::text FROM pg_proc WHERE prosrc ~* '\\mnotify\\M|pg_notify'"
        " AND pronamespace IN (current_schema()::regnamespace, 'public'::regnamespace)"
    )
    assert found == []
    with CaptureQueriesContext(connection) as asked:
        post_much()
    assert [one["sql"] for one in asked if "notify" in one["sql"].lower()] == []
    assert len(asked) > 0


def test_a_balance_has_its_account(books: Tenant) -> None:
    found = {"account_id": f"'{new_id()}'", "normal_sign": "1", "mode": "'synchronous'"}
    with pytest.raises(IntegrityError, match="no account"), transaction.atomic():
        insert("ledger_account_balance", row("ledger_account_balance") | found)
