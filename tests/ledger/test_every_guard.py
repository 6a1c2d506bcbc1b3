"""Every CHECK, every unique index, every table that is kept: one row each that breaks it.

A guard that is not in these tables, and not among those of ``tests/mutants`` that have tests of
their own, fails ``test_every_guard_of_the_ledger_is_known``.
"""

from __future__ import annotations

import pytest
from django.db import Error, connection, transaction

from apps.platform.ids import new_id
from apps.tenancy.models import Tenant
from tests.ledger.rows import insert, row, without_triggers
from tests.mutants.guards import KEPT, MEANING, UNIQUE, WRONG, catalogue, known, tables


def refused(statement: str) -> str:
    """The constraint that refused it, or the SQLSTATE of a trigger."""
    with pytest.raises(Error) as refusal, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)
    cause = refusal.value.__cause__
    return str(cause.diag.constraint_name or cause.sqlstate)  # type: ignore[union-attr]


def clash(table: str, values: dict[str, str]) -> str:
    """The constraint that refuses the row; empty when it is accepted, and then taken back."""
    point = transaction.savepoint()
    try:
        with without_triggers():
            insert(table, values)
    except Error as error:
        return str(error.__cause__.diag.constraint_name)  # type: ignore[union-attr]
    finally:
        transaction.savepoint_rollback(point)
    return ""


def test_every_guard_of_the_ledger_is_known(mara: Tenant) -> None:
    found = catalogue()
    assert sorted(found - known()) == [], "guards that no mutant removes"
    assert sorted(known() - found) == [], "guards that are gone"


@pytest.mark.parametrize("name", sorted(WRONG))
def test_a_check_refuses_what_it_is_there_for(mara: Tenant, name: str) -> None:
    table, wrong = WRONG[name]
    assert clash(table, row(table)) == ""
    assert clash(table, row(table) | wrong) == name


@pytest.mark.parametrize("name", sorted(UNIQUE))
def test_what_is_unique_comes_once(mara: Tenant, name: str) -> None:
    table, columns, said = UNIQUE[name]
    first = row(table, 1) | said
    first |= {c: first.get(c, f"'{new_id()}'") for c in columns}
    first |= {c: f"'{new_id()}'" for c in columns if first[c] == "gen_random_uuid()"}
    other = row(table, 2) | said
    with without_triggers():
        insert(table, first)
    if columns and columns != ["tenant"]:
        assert clash(table, other | {c: other.get(c, f"'{new_id()}'") for c in columns}) == ""
    assert clash(table, other | {c: first[c] for c in columns}) == name


def test_rows_are_their_tenants(mara: Tenant) -> None:
    for table in tables():
        name = f"{table}_of_this_tenant"
        assert clash(table, row(table) | {"tenant": f"'{new_id()}'"}) == name


@pytest.mark.parametrize("name", sorted(KEPT))
def test_what_is_kept_is_not_removed_or_rewritten(mara: Tenant, name: str) -> None:
    table, operations, sqlstate = KEPT[name]
    statements = {
        "U": f"UPDATE {table} SET tenant = tenant",
        "D": f"DELETE FROM {table}",
        "T": f"TRUNCATE {table} CASCADE",
    }
    for operation in operations:
        assert refused(statements[operation]) == sqlstate


@pytest.mark.parametrize("name", sorted(MEANING))
def test_what_is_said_stays_said(mara: Tenant, name: str) -> None:
    table, said, change, sqlstate = MEANING[name]
    with without_triggers():
        insert(table, row(table) | said)
    assert refused(f"UPDATE {table} SET {change}") == sqlstate
