"""The session is asked where it looks; it is sent there only when it looks elsewhere."""

from __future__ import annotations

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from apps.ledger.models import Account
from apps.tenancy.contexts import inside
from apps.tenancy.models import Tenant


def moves(captured: CaptureQueriesContext) -> int:
    return sum("SET search_path" in query["sql"] for query in captured.captured_queries)


def looks_at() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_schema()")
        return str(cursor.fetchone()[0])


def test_one_move_serves_every_statement_until_the_next_tenant(
    mara: Tenant, baobab: Tenant
) -> None:
    connection.set_schema_to_public()  # type: ignore[attr-defined]  # django-tenants' own backend
    with CaptureQueriesContext(connection) as captured, inside(mara):
        assert [looks_at(), looks_at(), looks_at()] == [mara.schema_name] * 3
        Account.objects.count()
    assert moves(captured) == 1
    with CaptureQueriesContext(connection) as captured, inside(baobab):
        assert looks_at() == baobab.schema_name
    assert moves(captured) == 1


@pytest.mark.parametrize("path", ["public", '"$user", public', "t_baobab, public"])
def test_whoever_moves_the_session_is_undone_before_the_next_statement(
    mara: Tenant, path: str
) -> None:
    assert looks_at() == mara.schema_name
    with connection.cursor() as cursor:
        cursor.execute(f"SET search_path = {path}")
    assert looks_at() == mara.schema_name


def test_a_rollback_that_takes_the_move_back_is_noticed(mara: Tenant) -> None:
    connection.set_schema_to_public()  # type: ignore[attr-defined]  # likewise
    assert looks_at() == "public"
    savepoint = transaction.savepoint()
    with inside(mara):
        assert looks_at() == mara.schema_name
        transaction.savepoint_rollback(savepoint)
        assert looks_at() == mara.schema_name
