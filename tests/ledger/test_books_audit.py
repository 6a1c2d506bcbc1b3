"""The audit finds what was done to the books behind the triggers' backs."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest
from django.db import connection

from apps.ledger.domain import credit, debit
from apps.ledger.selectors import books_violations
from apps.ledger.services import post_entries, reverse_entry
from apps.platform import clock
from apps.platform.actors import Actor
from apps.platform.models import Retention
from apps.tenancy.models import Tenant
from tests.ledger.conftest import draft, kes, usd


@pytest.fixture
def posted(books: Tenant, amina: Actor) -> UUID:
    """A few sound entries; the first is the one that is tampered with."""
    receipts = post_entries(
        drafts={
            f"k{n}": draft(
                debit("9100", kes(10 + n)),
                credit("9500.one", kes(10)),
                *([credit("9500.two", kes(n))] if n else []),
                debit("9200", usd(1)),
                credit("9700", usd(1)),
                metadata={"order": n},
            )
            for n in range(3)
        },
        actor=amina,
    )
    reverse_entry(entry_id=receipts[2].entry_id, reason="x", idempotency_key="r", actor=amina)
    connection.check_constraints()
    assert books_violations("full") == []
    return receipts[0].entry_id


#: What is done, and the laws that must notice. ``{entry}`` is the entry's id; ``{account}`` an
#: account it touched.
FAULTS = [
    ("UPDATE ledger_journal_entry SET description = 'y' WHERE id = {entry}",
     {"entries_are_as_written"}),
    ("UPDATE ledger_journal_entry SET actor = 'y' WHERE id = {entry}", {"entries_are_as_written"}),
    ("UPDATE ledger_journal_entry SET metadata = '{{}}' WHERE id = {entry}",
     {"entries_are_as_written"}),
    ("UPDATE ledger_journal_entry SET metadata_salt = gen_random_uuid() WHERE id = {entry}",
     {"entries_are_as_written"}),
    # Erased, but not through the door: nobody said why.
    (("UPDATE ledger_journal_entry SET metadata = '{{}}', metadata_salt = NULL"
      " WHERE id = {entry}"), {"entries_are_as_written"}),
    ("DROP TRIGGER ledger_journal_entry_guarded ON ledger_journal_entry",
     {"guards_stand"}),
    ("UPDATE ledger_journal_entry SET idempotency_key = NULL WHERE id = {entry}",
     {"entries_are_as_written"}),
    ("UPDATE ledger_journal_entry SET value_date = '2020-01-01' WHERE id = {entry}",
     {"entries_are_as_written", "postings_agree_with_entry_and_account"}),
    ("UPDATE ledger_posting SET amount_minor = 11 WHERE entry_id = {entry} AND leg = 1",
     {"entries_balance", "entries_are_as_written", "balances_are_their_postings", "postings_run_on",
      "days_are_their_postings"}),
    # Both sides alike: the entry still balances.
    ("UPDATE ledger_posting SET amount_minor = 11 WHERE entry_id = {entry} AND currency = 'KES'",
     {"entries_are_as_written", "balances_are_their_postings", "postings_run_on",
      "days_are_their_postings"}),
    ("UPDATE ledger_posting SET balance_after_minor = 99 WHERE entry_id = {entry} AND leg = 1",
     {"postings_run_on"}),
    ("UPDATE ledger_posting SET value_date = '2020-01-01' WHERE entry_id = {entry} AND leg = 1",
     {"postings_agree_with_entry_and_account", "days_are_their_postings"}),
    (("UPDATE ledger_posting SET account_id = gen_random_uuid() "
      "WHERE entry_id = {entry} AND leg = 1"),
     {"entries_are_as_written", "postings_agree_with_entry_and_account",
      "balances_are_their_postings", "postings_run_on", "days_are_their_postings"}),
    ("DELETE FROM ledger_posting WHERE entry_id = {entry} AND currency = 'USD'",
     {"entries_are_as_written", "balances_are_their_postings", "postings_run_on",
      "days_are_their_postings"}),
    ("DELETE FROM ledger_posting WHERE entry_id = {entry}",
     {"entries_have_postings", "entries_are_as_written", "balances_are_their_postings",
      "postings_run_on", "days_are_their_postings"}),
    ("DELETE FROM ledger_journal_entry WHERE id = {entry}",
     {"entries_have_postings", "postings_agree_with_entry_and_account", "entries_are_announced"}),
    (("UPDATE ledger_account_balance SET debits_minor = debits_minor + 1 "
      "WHERE account_id = {account}"),
     {"currencies_sum_to_zero", "balance_is_last_posting", "balances_are_their_postings"}),
    # Both sides alike: the balance itself is as before.
    (("UPDATE ledger_account_balance SET debits_minor = debits_minor + 1,"
      " credits_minor = credits_minor + 1 WHERE account_id = {account}"),
     {"balances_are_their_postings"}),
    ("UPDATE ledger_account_balance SET version = version + 1 WHERE account_id = {account}",
     {"balance_is_last_posting", "balances_are_their_postings"}),
    ("UPDATE ledger_account_balance SET normal_sign = -1 WHERE account_id = {account}",
     {"accounts_are_whole", "balance_is_last_posting", "postings_run_on"}),
    ("DELETE FROM ledger_account_balance WHERE account_id = {account}",
     {"accounts_are_whole", "currencies_sum_to_zero", "balances_are_their_postings"}),
    ("UPDATE ledger_balance_day SET credits_minor = 7 WHERE account_id = {account}",
     {"days_are_their_postings"}),
    ("DELETE FROM ledger_balance_day WHERE account_id = {account}", {"days_are_their_postings"}),
    ("UPDATE ledger_account SET code = 'z' WHERE id = {account}", {"entries_are_as_written"}),
    ("DELETE FROM platform_outbox_message WHERE payload ->> 'entry_id' = {entry}::text",
     {"entries_are_announced"}),
    ("UPDATE ledger_account SET tenant = gen_random_uuid() WHERE id = {account}",
     {"rows_have_their_tenant", "postings_agree_with_entry_and_account"}),
]  # fmt: skip

TABLES = [
    "ledger_account",
    "ledger_account_balance",
    "ledger_balance_day",
    "ledger_journal_entry",
    "ledger_posting",
    "platform_outbox_message",
]


@pytest.mark.parametrize(("fault", "laws"), FAULTS, ids=[fault[:70] for fault, _ in FAULTS])
def test_each_fault_is_found_by_exactly_the_laws_it_breaks(
    posted: UUID, fault: str, laws: set[str]
) -> None:
    with connection.cursor() as cursor:
        for table in TABLES:
            _drop_tenant_check(cursor, table)
        cursor.execute("SET LOCAL session_replication_role = replica")  # no trigger fires
        entry = f"'{posted}'::uuid"
        account = f"(SELECT account_id FROM ledger_posting WHERE entry_id = {entry} AND leg = 1)"
        cursor.execute(fault.format(entry=entry, account=account))
        assert cursor.rowcount != 0
        cursor.execute("SET LOCAL session_replication_role = origin")
    found = books_violations("full")
    assert {violation.check for violation in found} == {f"ledger.{law}" for law in laws}
    assert all(violation.subject and violation.detail for violation in found)


def test_events_that_had_their_time_are_not_asked_for(posted: UUID) -> None:
    with connection.cursor() as cursor:
        for table in ("platform_outbox_message", "platform_retention"):
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        cursor.execute("DELETE FROM platform_outbox_message WHERE name = 'ledger.entry_posted'")
    mark = Retention.objects.create(events_since=clock.now())
    assert books_violations("full") == []
    Retention.objects.filter(id=mark.id).update(events_since=clock.now() - timedelta(days=90))
    assert {found.check for found in books_violations("full")} == {"ledger.entries_are_announced"}


def _drop_tenant_check(cursor: object, table: str) -> None:
    """The constant check on ``tenant`` is a guard like the triggers; here it is out of the way."""
    cursor.execute(  # type: ignore[attr-defined]
        "SELECT conname FROM pg_constraint WHERE conrelid = %s::regclass AND contype = 'c'"
        " AND conname LIKE %s",
        [table, "%tenant%"],
    )
    for (name,) in cursor.fetchall():  # type: ignore[attr-defined]
        cursor.execute(f'ALTER TABLE {table} DROP CONSTRAINT "{name}"')  # type: ignore[attr-defined]


def test_a_guard_that_was_switched_off_is_found(posted: UUID) -> None:
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE ledger_posting DISABLE TRIGGER ledger_posting_guarded")
    [found] = books_violations("fast")
    assert (found.check, found.subject) == ("ledger.guards_stand", "ledger_posting_guarded")


def test_the_fast_audit_finds_a_balance_that_was_altered(posted: UUID) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute(
            "UPDATE ledger_account_balance SET debits_minor = debits_minor + 5"
            " FROM ledger_account a WHERE a.id = account_id AND a.code = '9100'"
        )
        cursor.execute("SET LOCAL session_replication_role = origin")
    assert {violation.check for violation in books_violations("fast")} == {
        "ledger.balance_is_last_posting",
        "ledger.currencies_sum_to_zero",
    }
