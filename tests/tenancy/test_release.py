"""Rolling out a release: who is behind, migrating only those, two at a time."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.platform.actors import SYSTEM
from apps.platform.tenant import database
from apps.tenancy.models import Tenant
from apps.tenancy.schemas.blueprints import differences
from apps.tenancy.schemas.migrating import LOCK, alone, behind, wanted
from apps.tenancy.selectors import tenant_by_slug, tenants_behind
from apps.tenancy.services import close_tenant, migrate_tenants, provision_tenant

LATE = [f"late{index}" for index in range(3)]
QUICK_SECONDS = 1.0


@pytest.fixture
def late(django_db_setup: None, django_db_blocker: Any) -> Iterator[list[Tenant]]:
    """Three tenants whose schemas hold nothing yet. Committed, as other processes must see them."""
    with django_db_blocker.unblock():
        database.set_schema_to_public()
        for slug in LATE:
            if tenant_by_slug(slug) is None:
                provision_tenant(
                    slug=slug, name=slug, functional_currency="KES", domains=[], actor=SYSTEM
                )
        tenants = list(Tenant.objects.filter(slug__in=LATE).order_by("slug"))
        for tenant in tenants:
            _sql(f"DROP SCHEMA {tenant.schema_name} CASCADE; CREATE SCHEMA {tenant.schema_name}")
        yield tenants
        for tenant in tenants:
            _sql(f"DROP SCHEMA {tenant.schema_name} CASCADE")
        Tenant.objects.filter(slug__in=LATE).delete()


def _sql(text: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(text)


def test_only_those_behind_are_migrated_by_two_processes_and_then_nobody_is(
    late: list[Tenant], capsys: pytest.CaptureFixture[str]
) -> None:
    assert tenants_behind() == LATE
    call_command("migrate_tenants", first="late1")
    told = capsys.readouterr().out
    assert told.startswith("late1: migrated")  # the canary, alone and before the others
    assert [f"{slug}: migrated" in told for slug in LATE] == [True] * len(LATE)
    assert "mara: migrated" not in told
    assert tenants_behind() == []
    mara = tenant_by_slug("mara")
    assert mara is not None
    for tenant in late:
        found = differences(mara.schema_name, mara.id, tenant.schema_name, tenant.id)
        assert found == ()
    call_command("migrate_tenants", json=True)
    again = json.loads(capsys.readouterr().out)
    assert again["migrated"] == []
    assert again["seconds"] < QUICK_SECONDS
    print(f"\n{told}again, nobody behind: {again['seconds']:.3f} s")


def test_one_query_asks_all_schemas(db: None) -> None:
    database.set_schema_to_public()
    schemas = ["public", "t_mara", "t_baobab", "t_nowhere"]
    with CaptureQueriesContext(connection) as queries:
        assert behind(schemas, wanted()) == ["t_nowhere"]
    asked = [query["sql"] for query in queries if "SET search_path" not in query["sql"]]
    assert len(asked) == 2  # which schemas have a record at all, then the one UNION
    assert asked[1].count("UNION ALL") == 2


def test_a_migration_the_schemas_do_not_have_makes_them_behind(db: None) -> None:
    database.set_schema_to_public()
    coming = [*wanted(), ("ledger", "9999_coming")]
    assert behind(["t_mara", "t_baobab"], coming) == ["t_mara", "t_baobab"]


def test_the_check_tells_who_is_behind_and_changes_nothing(
    late: list[Tenant], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as end:
        call_command("migrate_tenants", check=True)
    assert end.value.code == 1
    assert capsys.readouterr().out.split() == LATE
    assert tenants_behind() == LATE


def test_a_closed_tenant_is_left_as_it_is(late: list[Tenant]) -> None:
    close_tenant(slug=LATE[0], reason="gone", actor=SYSTEM)
    assert tenants_behind() == LATE[1:]


def test_only_one_process_changes_schemas(db: None) -> None:
    database.set_schema_to_public()
    params = connection.get_connection_params()
    names = ("dbname", "user", "password", "host", "port")
    with (
        psycopg.connect(**{name: params[name] for name in names if params.get(name)}) as other,
        alone(),
    ):
        row = other.execute("SELECT pg_try_advisory_lock(%s)", [LOCK]).fetchone()
        assert row == (False,)


def test_repeating_seeds_changes_nothing(db: None) -> None:
    done = migrate_tenants(actor=SYSTEM)
    assert done.migrated == ()
    assert not done.is_shared_migrated
