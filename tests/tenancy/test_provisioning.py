"""A new tenant is made from the template's definition: all of it, quickly, or nothing."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from typing import Any

import pytest
from django.core.management import call_command
from django.db import IntegrityError, connection, transaction

from apps.identity.models import Role
from apps.platform.actors import SYSTEM
from apps.platform.ids import new_id
from apps.platform.tenant import PLATFORM_TENANT_ID, database
from apps.tenancy import seeding
from apps.tenancy.contexts import inside
from apps.tenancy.domain import TenantState
from apps.tenancy.errors import BadSlug, CannotReplay, TenantExists
from apps.tenancy.models import Blueprint, Domain, Tenant
from apps.tenancy.schemas.blueprints import differences, prepare_blueprint
from apps.tenancy.schemas.definition import definition
from apps.tenancy.schemas.migrating import (
    TEMPLATE_ID,
    TEMPLATE_SCHEMA,
    create_schema,
    migrate_tenant,
)
from apps.tenancy.services import provision_tenant

REPLAYED = 5

#: What pg_class and its relatives hold of a schema, asked for in another way than the blueprint
#: does: every row of the catalogues as JSON, without object ids.
CATALOGUE = """
WITH here AS (SELECT %(schema)s::regnamespace::oid AS oid),
rel AS (SELECT c.* FROM pg_class c, here WHERE c.relnamespace = here.oid)
SELECT 'column', (c.relname, a.attnum_rank, a.attname, format_type(a.atttypid, a.atttypmod),
       a.attnotnull, a.attidentity, a.attgenerated, a.attcollation::regcollation, a.attstorage,
       a.attcompression, a.attoptions, a.attstattarget, a.attacl,
       pg_get_expr(d.adbin, d.adrelid))::text
FROM rel c JOIN (SELECT *, rank() OVER (PARTITION BY attrelid ORDER BY attnum) AS attnum_rank
                 FROM pg_attribute WHERE attnum > 0 AND NOT attisdropped) a ON a.attrelid = c.oid
LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum WHERE c.relkind IN ('r', 'v')
UNION ALL
SELECT 'relation', (relname, relkind, relpersistence, reloptions, relhastriggers, relhasrules,
       relrowsecurity, relforcerowsecurity, relreplident, relchecks, relacl, relam)::text FROM rel
WHERE relkind <> 't'
UNION ALL
SELECT 'constraint', (conname, contype, condeferrable, condeferred, convalidated, connoinherit,
       confupdtype, confdeltype, conrelid::regclass, confrelid::regclass,
       pg_get_constraintdef(k.oid))::text
FROM pg_constraint k, here WHERE connamespace = here.oid
UNION ALL
SELECT 'index', (i.indexrelid::regclass, i.indisunique, i.indisprimary, i.indnullsnotdistinct,
       i.indisvalid, pg_get_indexdef(i.indexrelid))::text
FROM pg_index i JOIN rel ON rel.oid = i.indexrelid WHERE rel.relkind = 'i'
UNION ALL
SELECT 'trigger', (g.tgname, g.tgenabled, g.tgdeferrable, g.tginitdeferred, g.tgtype,
       g.tgfoid::regprocedure, pg_get_triggerdef(g.oid))::text
FROM pg_trigger g JOIN rel ON rel.oid = g.tgrelid WHERE NOT g.tgisinternal
UNION ALL
SELECT 'function', (p.oid::regprocedure, p.prosrc, p.proconfig, p.provolatile, p.prosecdef,
       p.proparallel, p.proisstrict, p.prorettype::regtype, p.proacl, l.lanname,
       pg_get_function_arguments(p.oid))::text
FROM pg_proc p JOIN pg_language l ON l.oid = p.prolang, here WHERE p.pronamespace = here.oid
UNION ALL
SELECT 'sequence', (s.seqrelid::regclass, s.seqtypid::regtype, s.seqstart, s.seqincrement,
       s.seqmax, s.seqmin, s.seqcache, s.seqcycle)::text
FROM pg_sequence s JOIN rel ON rel.oid = s.seqrelid
UNION ALL
SELECT 'comment', (pg_describe_object(d.classoid, d.objoid, d.objsubid), d.description)::text
FROM pg_description d WHERE d.objoid IN (SELECT oid FROM rel)
ORDER BY 1, 2
"""


@pytest.fixture
def public(db: None) -> Iterator[None]:
    database.set_schema_to_public()
    yield
    database.set_schema_to_public()


def make(slug: str, **about: Any) -> Tenant:
    id = provision_tenant(
        slug=slug,
        name=slug.title(),
        functional_currency="KES",
        domains=[f"{slug}.localhost"],
        actor=SYSTEM,
        **about,
    )
    return Tenant.objects.get(id=id)


def migrated(slug: str) -> Tenant:
    """A tenant made the slow way: an empty schema, and every migration."""
    tenant = Tenant(
        slug=slug, schema_name=f"t_{slug}", name=slug, functional_currency="KES", id=new_id()
    )
    create_schema(tenant.schema_name)
    migrate_tenant(tenant)
    return tenant


def catalogue(tenant: Tenant) -> list[str]:
    """The catalogues' rows of a schema; of printed expressions only the letters count."""
    with connection.cursor() as cursor:
        cursor.execute("SET search_path TO pg_catalog")
        cursor.execute(CATALOGUE, {"schema": tenant.schema_name})
        rows = cursor.fetchall()
    return [
        f"{kind} {text}".replace(tenant.schema_name, "<schema>").replace(str(tenant.id), "<id>")
        for kind, text in rows
    ]


def same_meaning(row: str) -> str:
    """PostgreSQL prints some lists and ORs in two ways; letters, digits and order stay."""
    kept = row.replace("::text[]", "").replace("::text", "").replace("ARRAY", "")
    return "".join(letter for letter in kept if letter not in '()[] "\\')


def test_a_replayed_schema_is_the_migrated_one(public: None) -> None:
    started = time.perf_counter()
    slow = migrated("slowly")
    migrating = time.perf_counter() - started
    seconds = []
    for index in range(REPLAYED):
        started = time.perf_counter()
        fast = make(f"quick{index}")
        seconds.append(time.perf_counter() - started)
    assert differences(slow.schema_name, slow.id, fast.schema_name, fast.id) == ()
    ours, theirs = ([same_meaning(row) for row in catalogue(tenant)] for tenant in (slow, fast))
    assert sorted(ours) == sorted(theirs)
    assert len(ours) > 500
    typical = sorted(seconds)[REPLAYED // 2]
    print(
        f"\nnew tenant: {typical:.2f} s by replay (worst {max(seconds):.2f}),"
        f" {migrating:.2f} s by migrations: {migrating / typical:.1f}x;"
        f" {len(ours)} catalogue rows equal"
    )


def test_the_rows_that_migrations_leave_are_there_and_nobody_elses(public: None) -> None:
    fresh, other = make("fresh"), migrated("slowly")
    counts = {}
    for tenant in (fresh, other):
        with connection.cursor() as cursor:
            cursor.execute(f"SET search_path TO {tenant.schema_name}")
            cursor.execute("SELECT app, name FROM django_migrations ORDER BY 1, 2")
            migrations = cursor.fetchall()
            cursor.execute("SELECT app_label, model FROM django_content_type ORDER BY 1, 2")
            types = cursor.fetchall()
            cursor.execute("SELECT count(*) FROM identity_user")
            counts[tenant.slug] = (migrations, types, cursor.fetchone())
    assert counts["fresh"] == counts["slowly"]
    with connection.cursor() as cursor:
        cursor.execute(f"SET search_path TO {fresh.schema_name}")
        cursor.execute(
            "INSERT INTO django_content_type (app_label, model) VALUES ('a', 'b') RETURNING id"
        )
        assert cursor.fetchone()[0] > len(counts["fresh"][1])


def test_functions_look_only_into_their_own_schema(public: None) -> None:
    fresh = make("fresh")
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT proname, prosrc, proconfig::text FROM pg_proc"
            " WHERE pronamespace = %s::regnamespace",
            [fresh.schema_name],
        )
        functions = cursor.fetchall()
    assert functions
    for name, source, settings in functions:
        assert not re.search(rf"\b{TEMPLATE_SCHEMA}\b", f"{source} {settings}"), name
        assert "t_mara" not in f"{source} {settings}", name
        if "search_path" in (settings or ""):
            assert f"search_path={fresh.schema_name}" in settings.replace('"', ""), name


def test_a_new_tenant_is_ready_and_has_the_seven_roles(public: None) -> None:
    fresh = make("fresh")
    assert fresh.state == TenantState.READY
    assert Domain.objects.get(tenant=fresh).domain == "fresh.localhost"
    with inside(fresh):
        assert set(Role.objects.values_list("code", flat=True)) == {
            "viewer", "operator", "approver", "treasurer", "compliance", "developer",
            "administrator",
        }  # fmt: skip


def test_a_failure_halfway_leaves_nothing_and_asking_again_works(
    public: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Broken(Exception):
        pass

    def broken(*, actor: object) -> None:
        raise Broken

    monkeypatch.setitem(seeding._seeds, "broken", broken)
    with pytest.raises(Broken):
        make("fresh")
    assert not Tenant.objects.filter(slug="fresh").exists()
    assert "t_fresh" not in schemas()
    monkeypatch.delitem(seeding._seeds, "broken")
    assert make("fresh").state == TenantState.READY
    assert "t_fresh" in schemas()


def schemas() -> set[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT nspname FROM pg_namespace")
        return {row[0] for row in cursor.fetchall()}


def test_a_name_that_is_taken_or_unfit_is_refused(public: None) -> None:
    make("fresh")
    before = schemas()
    with pytest.raises(TenantExists):
        make("fresh")
    for slug in ("x", "Upper", "under_score", "9lives", "a--b", "-a", "platform", "a" * 41):
        with pytest.raises(BadSlug):
            make(slug)
    assert schemas() == before


# --- the tenant constant


def test_every_table_is_pinned_to_its_tenant(public: None) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT c.relnamespace::regnamespace::text, c.relname, pg_get_constraintdef(k.oid)"
            " FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'tenant'"
            " LEFT JOIN pg_constraint k ON k.conrelid = c.oid AND k.contype = 'c'"
            " AND k.conname LIKE '%%\\_of\\_this\\_tenant'"
            " WHERE c.relkind = 'r' AND a.atttypid = 'uuid'::regtype"
        )
        pins = cursor.fetchall()
    owners = {t.schema_name: t.id for t in Tenant.objects.all()}
    owners |= {"public": PLATFORM_TENANT_ID, TEMPLATE_SCHEMA: TEMPLATE_ID}
    for schema, table, check in pins:
        assert check == f"CHECK ((tenant = '{owners[schema]}'::uuid))", (schema, table)
    assert {schema for schema, _, _ in pins} >= {"t_mara", "t_baobab", TEMPLATE_SCHEMA}


def test_a_connection_that_looks_at_the_wrong_schema_writes_and_reads_nothing(
    public: None,
) -> None:
    """As a mixed-up pooler would have it: Mara's program, Baobab's schema."""
    mara, baobab = (Tenant.objects.get(slug=slug) for slug in ("mara", "baobab"))
    mixed = Tenant(
        id=mara.id,
        slug="mara",
        schema_name=baobab.schema_name,
        name="Mara",
        functional_currency="KES",
    )
    with inside(baobab):
        assert Role.objects.count() == 7
    with inside(mixed):
        assert Role.objects.count() == 0
        with (
            pytest.raises(IntegrityError, match="identity_role_of_this_tenant"),
            transaction.atomic(),
        ):
            Role.objects.create(code="stray", name="Stray")
        assert Role.objects.filter(code="viewer").update(name="Altered") == 0
    with inside(baobab):
        assert not Role.objects.filter(name="Altered").exists()


# --- the blueprint


def test_a_blueprint_that_lacks_something_is_refused(public: None) -> None:
    Blueprint.objects.all().delete()
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE DOMAIN {TEMPLATE_SCHEMA}.odd AS text")
    with pytest.raises(CannotReplay) as refusal:
        prepare_blueprint()
    assert refusal.value.facts == {"objects": (f"type {TEMPLATE_SCHEMA}.odd",)}


def test_comments_options_and_privileges_are_replayed(public: None) -> None:
    """Kinds of things the program may come to use, each put into the template and found again."""
    extras = (
        "COMMENT ON TABLE {s}.identity_role IS 'says template_ too'",
        "COMMENT ON COLUMN {s}.identity_role.code IS 'the ''code'''",
        "ALTER TABLE {s}.identity_role SET (fillfactor = 70)",
        "ALTER TABLE {s}.identity_role ALTER name SET STATISTICS 500",
        "CREATE INDEX xb ON {s}.identity_user USING brin (created_at) WITH (pages_per_range = 8)",
        "CREATE SEQUENCE {s}.extra_numbers START 7 INCREMENT 3",
        "CREATE VIEW {s}.extra_view AS SELECT r.code FROM {s}.identity_role r",
        "REVOKE UPDATE, DELETE ON {s}.identity_role FROM CURRENT_USER",
        "GRANT SELECT ON {s}.identity_role TO PUBLIC",
        "CREATE STATISTICS {s}.extra_stats ON code, name FROM {s}.identity_role",
        "ALTER TABLE {s}.identity_role ADD loud text GENERATED ALWAYS AS (upper(name)) STORED",
        "ALTER TABLE {s}.identity_role ADD counted bigint DEFAULT nextval('{s}.extra_numbers')",
        """CREATE FUNCTION {s}.extra_roles() RETURNS SETOF {s}.identity_role LANGUAGE sql
           BEGIN ATOMIC SELECT r.* FROM {s}.identity_role r; END""",
    )
    Blueprint.objects.all().delete()
    with connection.cursor() as cursor:
        for statement in extras:
            cursor.execute(statement.format(s=TEMPLATE_SCHEMA))
    fresh = make("fresh")
    assert differences(TEMPLATE_SCHEMA, TEMPLATE_ID, fresh.schema_name, fresh.id) == ()
    text = "\n".join(definition(fresh.schema_name))
    for wanted in ("pages_per_range", "fillfactor=70", "SET STATISTICS 500", "loud text",
                   "extra_view", "extra_stats", "BEGIN ATOMIC", "START 7"):  # fmt: skip
        assert wanted in text, wanted


def test_the_command_line_lists_provisions_suspends_and_resumes(
    public: None, capsys: pytest.CaptureFixture[str]
) -> None:
    call_command(
        "tenants", "provision", "fresh", name="Fresh Fruit", currency="KES", domains=["f.localhost"]
    )
    call_command("tenants", "suspend", "fresh", reason="unpaid bill")
    call_command("tenants", "list")
    told = capsys.readouterr().out
    assert "unpaid bill" in told
    assert "suspended" in told
    call_command("tenants", "resume", "fresh")
    assert Tenant.objects.get(slug="fresh").state == TenantState.READY
