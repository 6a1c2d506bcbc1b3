"""Two tenants post in turns over one connection, and neither sees the other."""

from __future__ import annotations

import pytest
from django.db import connection

from apps.ledger import errors
from apps.ledger.domain import credit, debit
from apps.ledger.models import JournalEntry, Posting
from apps.ledger.selectors import account_balance, books_violations, trial_balance
from apps.ledger.services import post_entry
from apps.platform.actors import Actor
from apps.tenancy.models import Tenant
from tests.ledger.conftest import draft, kes, open_chart

FUNCTIONS = """
    SELECT n.nspname, p.proname, p.proconfig
      FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
     WHERE p.proname LIKE 'ledger\\_%%' AND n.nspname = ANY (%s)
"""


def test_postings_in_turns_stay_at_home(mara: Tenant, baobab: Tenant, amina: Actor) -> None:
    tenants = [mara, baobab]
    for tenant in tenants:
        connection.set_tenant(tenant)  # type: ignore[attr-defined]
        open_chart()
    for turn in range(6):
        tenant = tenants[turn % 2]
        connection.set_tenant(tenant)  # type: ignore[attr-defined]
        minor = 100 if tenant is mara else 1
        made = draft(
            debit("9100", kes(minor)),
            credit("9500.one", kes(minor)),
            source_event=f"evt-{turn // 2}",
        )
        # The same keys and source events in both: what they name is the tenant's own.
        receipt = post_entry(draft=made, idempotency_key=f"k{turn // 2}", actor=amina)
        assert not receipt.is_replay
        assert receipt.balances["9100"] == kes(minor * (turn // 2 + 1))
    for tenant, minor in [(mara, 300), (baobab, 3)]:
        connection.set_tenant(tenant)  # type: ignore[attr-defined]
        assert account_balance("9100").balance == kes(minor)
        assert {row.tenant for row in Posting.objects.all()} == {tenant.id}
        assert {row.tenant for row in JournalEntry.objects.all()} == {tenant.id}
        assert trial_balance().is_balanced
        assert books_violations() == []
        connection.check_constraints()
    connection.set_tenant(mara)  # type: ignore[attr-defined]


def test_an_account_of_one_is_unknown_to_the_other(
    books: Tenant, baobab: Tenant, amina: Actor
) -> None:
    connection.set_tenant(baobab)  # type: ignore[attr-defined]
    made = draft(debit("9100", kes(1)), credit("9900", kes(1)))
    with pytest.raises(errors.UnknownAccount):
        post_entry(draft=made, idempotency_key="k1", actor=amina)
    connection.set_tenant(books)  # type: ignore[attr-defined]


READ_NO_TABLE = {
    "ledger_entry_text_v1",
    "ledger_genesis_v1",
    "ledger_metadata_digest_v1",
    "ledger_metadata_salt_v1",
    "ledger_oldest_running_v1",
    "ledger_seal_hash_v1",
    "ledger_entry_digest_v1",
    "ledger_forbid_by_hand_v1",
    "ledger_forbid_new_terms_v1",
    "ledger_forbid_rewrite_v1",
    "ledger_guard_balance_v1",
    "ledger_kind_matches_v1",
    "ledger_recurring_day_v1",
}


def test_each_schema_has_functions_of_its_own_pinned_to_it(mara: Tenant, baobab: Tenant) -> None:
    """All but those that read no table: they need no path."""
    schemas = {mara.schema_name, baobab.schema_name}
    found: dict[str, set[str]] = {schema: set() for schema in schemas}
    with connection.cursor() as cursor:
        cursor.execute(FUNCTIONS, [list(schemas)])
        for schema, name, config in cursor.fetchall():
            found[schema].add(name)
            if name in READ_NO_TABLE:
                continue
            path = next((part for part in config or [] if part.startswith("search_path=")), name)
            assert path.removeprefix("search_path=").split(",")[0].strip(' "') == schema, name
            assert not any(other in path for other in schemas - {schema}), name
    assert found[mara.schema_name] == found[baobab.schema_name]
    assert {"ledger_post_entry_v1", "ledger_post_entries_v1"} <= found[mara.schema_name]
