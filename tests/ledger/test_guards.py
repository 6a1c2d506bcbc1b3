"""The database refuses what no code of ours would try. Each test goes around the code."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
from django.db import Error, connection, transaction

from apps.ledger.domain import credit, debit
from apps.ledger.models import Account, JournalEntry, Posting
from apps.ledger.services import post_entry
from apps.platform.actors import Actor
from apps.platform.ids import new_id
from apps.platform.tenant import current_tenant_id
from apps.tenancy.contexts import inside
from apps.tenancy.models import Tenant
from tests.ledger.conftest import draft, kes

ENTRY = """
    INSERT INTO ledger_journal_entry (tenant, id, kind, description, value_date, posted_at,
        fingerprint, source_event, reason, template, actor, metadata, digest)
    VALUES (%s, %s, 'test', 'By hand', '2026-03-02', now(), '', '', '', '', 'hand', '{}', '')
"""
POSTING = """
    INSERT INTO ledger_posting (tenant, entry_id, account_id, account_version, leg, side,
        amount_minor, currency, balance_after_minor, value_date, posted_at)
    SELECT %s, %s, a.id, v.version, v.leg, v.side, v.amount, v.currency, 0, '2026-03-02', now()
      FROM (VALUES {rows}) v(account, version, leg, side, amount, currency)
      JOIN ledger_account a ON a.code = v.account
"""

BALANCE = """
    UPDATE ledger_account_balance SET {change}
      FROM ledger_account a WHERE a.id = account_id AND a.code = %s
"""


def run(query: str, *arguments: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute(query, arguments)


def refused(query: str, *arguments: Any) -> str:
    """The SQLSTATE the statement, or the check at commit, is refused with."""
    with pytest.raises(Error) as refusal, transaction.atomic():
        run(query, *arguments)
        connection.check_constraints()
    return str(refusal.value.__cause__.sqlstate)  # type: ignore[union-attr]


def postings(*rows: str) -> str:
    return POSTING.format(rows=", ".join(rows))


def entry_with(*rows: str, schema: str = "") -> tuple[str, list[Any]]:
    """An entry and its postings in one statement, as they must come; and the arguments."""
    query = f"WITH entry AS ({ENTRY}) {postings(*rows)}"
    tenant, id = current_tenant_id(), new_id()
    return query.replace("ledger_", f'"{schema}".ledger_' if schema else "ledger_"), [
        tenant,
        id,
        tenant,
        id,
    ]


@pytest.fixture
def posted(books: Tenant, amina: Actor) -> UUID:
    made = draft(debit("9100", kes(9)), credit("9500.one", kes(9)))
    id = post_entry(draft=made, idempotency_key="k1", actor=amina).entry_id
    connection.check_constraints()
    return id


@pytest.mark.parametrize(
    "rows",
    [
        ["('9100', 7, 1, 'D', 5, 'KES')", "('9900', 7, 2, 'C', 4, 'KES')"],
        ["('9100', 7, 1, 'D', 5, 'KES')"],
        ["('9100', 7, 1, 'D', 5, 'KES')", "('9700', 7, 2, 'C', 5, 'USD')"],
    ],
)
def test_an_entry_balances_in_each_currency(books: Tenant, rows: list[str]) -> None:
    query, arguments = entry_with(*rows)
    assert refused(query, *arguments) == "LG001"


def test_an_entry_comes_with_its_postings(books: Tenant) -> None:
    assert refused(ENTRY, current_tenant_id(), new_id()) == "LG003"


def test_the_checks_look_at_their_own_tenant(books: Tenant, baobab: Tenant) -> None:
    """Written by its full name while another tenant is in view."""
    pair = ("('9100', 7, 1, 'D', 5, 'KES')", "('9900', 7, 2, 'C', 5, 'KES')")
    connection.set_tenant(books)  # type: ignore[attr-defined]
    query, arguments = entry_with(*pair, schema=books.schema_name)
    stray = postings("('9100', 8, 3, 'D', 5, 'KES')", "('9900', 8, 4, 'C', 5, 'KES')")
    stray = stray.replace("ledger_", f'"{books.schema_name}".ledger_')
    connection.set_tenant(baobab)  # type: ignore[attr-defined]
    alone = ENTRY.replace("ledger_", f'"{books.schema_name}".ledger_')
    assert refused(alone, *arguments[:2]) == "LG003"
    with transaction.atomic():
        run(query, *arguments)
        assert refused(stray, books.id, new_id()) == "LG004"
        run(stray, books.id, arguments[1])
        transaction.set_rollback(True)
    connection.set_tenant(books)  # type: ignore[attr-defined]


def test_postings_come_with_their_entry_not_after_it(
    races: Tenant, amina: Actor, django_db_blocker: pytest.FixtureRequest
) -> None:
    """In a transaction of its own, so that the entry is an old one."""
    with django_db_blocker.unblock(), inside(races):  # type: ignore[attr-defined]
        made = draft(debit("9100", kes(9)), credit("9900", kes(9)))
        id = post_entry(draft=made, idempotency_key=str(new_id()), actor=amina).entry_id
        pair = postings("('9100', 900, 3, 'D', 5, 'KES')", "('9900', 900, 4, 'C', 5, 'KES')")
        assert refused(pair, current_tenant_id(), id) == "LG004"


@pytest.mark.parametrize("table", ["ledger_journal_entry", "ledger_posting"])
@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE {table} SET value_date = '2020-01-01'",
        "DELETE FROM {table}",
        "TRUNCATE {table} CASCADE",
    ],
)
def test_the_past_is_not_rewritten(posted: UUID, table: str, statement: str) -> None:
    assert refused(statement.format(table=table)) == "LG002"


@pytest.mark.parametrize(
    "change", ["account_version = NULL, balance_after_minor = NULL", "leg = 9"]
)
def test_a_number_once_given_stays(posted: UUID, change: str) -> None:
    assert refused(f"UPDATE ledger_posting SET {change}") == "LG002"


def test_nor_through_the_models(posted: UUID) -> None:
    for change in (
        lambda: JournalEntry.objects.filter(id=posted).update(description="Nothing happened"),
        lambda: Posting.objects.filter(entry_id=posted).delete(),
    ):
        with pytest.raises(Error), transaction.atomic():
            change()


@pytest.mark.parametrize(
    "table", ["ledger_account", "ledger_account_balance", "ledger_balance_day"]
)
@pytest.mark.parametrize("statement", ["DELETE FROM {table}", "TRUNCATE {table} CASCADE"])
def test_accounts_and_balances_are_kept(posted: UUID, table: str, statement: str) -> None:
    assert refused(statement.format(table=table)) == "LG002"


@pytest.mark.parametrize(
    "change",
    [
        "code = 'x'",
        "currency = 'USD'",
        "account_class = 'income'",
        "is_header = true",
        "id = gen_random_uuid()",
    ],
)
def test_what_an_account_means_is_kept(posted: UUID, change: str) -> None:
    assert refused(f"UPDATE ledger_account SET {change} WHERE code = '9100'") == "LG002"
    Account.objects.filter(code="9100").update(name="A label may change")


@pytest.mark.parametrize(
    "change",
    ["debits_minor = debits_minor - 1", "version = version - 1", "normal_sign = -normal_sign"],
)
def test_counters_only_grow(posted: UUID, change: str) -> None:
    assert refused(BALANCE.format(change=change), "9100") == "LG002"


@pytest.mark.parametrize(
    ("code", "change", "constraint"),
    [
        ("9500.one", "debits_minor = credits_minor + 1", "23514"),
        ("9600", "credits_minor = 50001", "23514"),
        ("9900", "floor_minor = 1", "23514"),
        ("9500.one", "pending_debits_minor = credits_minor + 1", "23514"),
        ("9600", "pending_credits_minor = 50001", "23514"),
        ("9100", "pending_debits_minor = -1", "23514"),
        ("9500.one", "mode = 'deferred'", "23514"),
        ("9100", "mode = 'deferred', is_watched = true", "23514"),
        ("9500.one", "mode = 'sharded', pending_credits_minor = 1", "23514"),
    ],
)
def test_limits_hold_against_any_writer(
    posted: UUID, code: str, change: str, constraint: str
) -> None:
    assert refused(BALANCE.format(change=change), code) == constraint


@pytest.mark.parametrize(
    "row",
    [
        "('9100', 7, 1, 'D', 0, 'KES')",
        "('9100', 7, 1, 'D', -5, 'KES')",
        "('9100', 7, 1, 'X', 5, 'KES')",
    ],
)
def test_amounts_are_positive_and_sides_are_two(books: Tenant, row: str) -> None:
    query, arguments = entry_with(row)
    assert refused(query, *arguments) == "23514"


def test_the_function_itself_refuses_what_the_code_never_sends(books: Tenant) -> None:
    call = """
        SELECT * FROM ledger_post_entry_v1(%s, now(), 'hand', NULL, '', '', %s, 'k', 'd',
            '2026-03-02', NULL, NULL, '', '', NULL, '', NULL, '', '{{}}', gen_random_uuid(), 'je_x',
            '{{}}', {legs}, ARRAY[NULL, NULL]::text[])
    """
    cases = {
        "LG005": "ARRAY['9100','9900'], ARRAY['D','C'], ARRAY[5,-5]::bigint[], ARRAY['KES','KES']",
        "LG001": "ARRAY['9100','9900'], ARRAY['D','C'], ARRAY[5,4]::bigint[], ARRAY['KES','KES']",
        "LG010": "ARRAY['9100','x'], ARRAY['D','C'], ARRAY[5,5]::bigint[], ARRAY['KES','KES']",
    }
    for code, legs in cases.items():
        assert refused(call.format(legs=legs), current_tenant_id(), new_id()) == code
