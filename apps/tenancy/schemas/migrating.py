"""Bringing one schema to the program's migrations, and asking which schemas are behind."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from hashlib import sha256
from uuid import UUID

from django.core.management import call_command
from django.core.management.commands.migrate import Command as Migrate
from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django_tenants.utils import get_public_schema_name

from apps.platform.tenant import PLATFORM_TENANT_ID, database
from apps.tenancy.models import Tenant
from apps.tenancy.schemas.pins import pin

#: The schema that is migrated once, so that every new tenant can be made from its definition.
TEMPLATE_SCHEMA = "template_"
TEMPLATE_ID = UUID(int=2**128 - 1)
LOCK = 0x636F756E74  # "count", one lock for everybody who changes schemas


def template() -> Tenant:
    """The template as a tenant. It has no row, no people and no books."""
    return Tenant(
        id=TEMPLATE_ID,
        schema_name=TEMPLATE_SCHEMA,
        slug="template",
        name="Template",
        functional_currency="XXX",
    )


def wanted() -> list[tuple[str, str]]:
    """Every migration this program has, as (app, name)."""
    return sorted(MigrationLoader(None, ignore_no_migrations=True).graph.nodes)


def digest(migrations: Iterable[tuple[str, str]]) -> str:
    """A name for a set of migrations."""
    return sha256("\n".join(f"{app} {name}" for app, name in migrations).encode()).hexdigest()


def behind(schemas: Sequence[str], migrations: Sequence[tuple[str, str]]) -> list[str]:
    """Those of the schemas that lack a migration, or all of them. One UNION over all schemas."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT schemaname FROM pg_tables"
            " WHERE tablename = 'django_migrations' AND schemaname = ANY (%s)",
            [list(schemas)],
        )
        begun = [row[0] for row in cursor.fetchall()]
        if not begun:
            return list(schemas)
        union = " UNION ALL ".join(
            f"SELECT '{schema}' AS schema, app, name FROM \"{schema}\".django_migrations"
            for schema in begun
        )
        cursor.execute(
            "WITH wanted AS (SELECT * FROM unnest(%s::text[], %s::text[]) AS w(app, name))"
            f" SELECT applied.schema FROM ({union}) AS applied JOIN wanted USING (app, name)"
            " GROUP BY 1 HAVING count(DISTINCT (app, name)) = (SELECT count(*) FROM wanted)",
            [[app for app, _ in migrations], [name for _, name in migrations]],
        )
        current = {row[0] for row in cursor.fetchall()}
    return [schema for schema in schemas if schema not in current]


def migrate_public() -> None:
    """Bring the shared tables and the platform's own to the program's migrations."""
    database.set_schema_to_public()
    call_command(Migrate(), interactive=False, verbosity=0)
    database.set_schema_to_public()
    pin(get_public_schema_name(), PLATFORM_TENANT_ID)


def migrate_tenant(tenant: Tenant) -> None:
    """Bring one tenant's schema to the program's migrations, then pin what is new in it.

    The record of migrations is made first and with public out of sight; else the public one would
    be found and nothing would be applied (django-tenants does the same).
    """
    before = database.tenant
    try:
        database.set_tenant(tenant, include_public=False)
        MigrationRecorder(connection).ensure_schema()
        database.set_tenant(tenant)
        call_command(Migrate(), interactive=False, verbosity=0)
        pin(tenant.schema_name, tenant.id)
    finally:
        database.set_tenant(before)


def create_schema(schema: str) -> None:
    """Make the schema if there is none."""
    with connection.cursor() as cursor:
        cursor.execute(f'CREATE SCHEMA IF NOT EXISTS "{schema}"')


@contextmanager
def alone() -> Iterator[None]:
    """Only one process at a time changes schemas; the others wait here.

    Within a transaction the lock lasts as long as that; else it is given back at the end, on the
    connection that took it, so that migrations can still commit one by one.
    """
    is_bound = connection.in_atomic_block
    with connection.cursor() as cursor:
        take = "pg_advisory_xact_lock" if is_bound else "pg_advisory_lock"
        cursor.execute(f"SELECT {take}(%s)", [LOCK])
    try:
        yield
    finally:
        if not is_bound:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s)", [LOCK])
