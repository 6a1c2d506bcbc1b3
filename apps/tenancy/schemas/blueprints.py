"""The blueprint: keeping the template's definition, and making a schema from it."""

from __future__ import annotations

import re
from uuid import UUID

from django.db import connection, transaction
from django_tenants.utils import get_public_schema_name

from apps.platform import clock
from apps.platform.tenant import PLATFORM_TENANT_ID, database
from apps.tenancy.errors import CannotReplay
from apps.tenancy.models import Blueprint
from apps.tenancy.schemas.definition import SOURCE, blueprint, definition
from apps.tenancy.schemas.migrating import (
    TEMPLATE_ID,
    TEMPLATE_SCHEMA,
    behind,
    create_schema,
    digest,
    migrate_tenant,
    template,
    wanted,
)
from apps.tenancy.schemas.pins import pin

#: The template's name as a word of its own, wherever it stands: in names, in bodies of functions,
#: in their ``SET search_path``.
_TEMPLATE_WORD = re.compile(rf"(?<![A-Za-z0-9_]){TEMPLATE_SCHEMA}(?![A-Za-z0-9_])")
_TRIAL_SCHEMA = "template_trial"
_TRIAL_ID = UUID(int=2**128 - 2)
_SEPARATOR = "\n;;\n"

#: PostgreSQL prints ``state IN ('a', 'b')`` on a varchar as a cast of the whole list, and reads
#: that back as a list of casts; ``(a OR b) OR c`` comes back as ``a OR b OR c``: the same thing.
_PARENTHESES = str.maketrans("", "", "()")
_LITERAL = re.compile(r"'(?:[^']|'')*'::character varying")
_CAST_LIST = re.compile(rf"ARRAY\[((?:{_LITERAL.pattern}(?:, )?)+)\]::text\[\]")


def prepare_blueprint() -> Blueprint:
    """The blueprint for the program's migrations, made anew if there is none.

    The template is migrated first if it is behind. A new blueprint is tried: what it makes must
    have the template's own definition, or it is refused.
    """
    migrations = wanted()
    name = digest(migrations)
    found = Blueprint.objects.filter(migrations=name).first()
    if found is not None and not behind([TEMPLATE_SCHEMA], migrations):
        return found
    pin(get_public_schema_name(), PLATFORM_TENANT_ID)
    create_schema(TEMPLATE_SCHEMA)
    if behind([TEMPLATE_SCHEMA], migrations):
        migrate_tenant(template())
    text = _SEPARATOR.join(blueprint(TEMPLATE_SCHEMA))
    made, _ = Blueprint.objects.update_or_create(
        id=1, defaults={"migrations": name, "definition": text, "made_at": clock.now()}
    )
    _try(made)
    return made


def replay(made: Blueprint, schema: str, tenant_id: UUID) -> None:
    """Make ``schema`` from the blueprint. Within a transaction, all of it or nothing."""
    text = made.definition.replace(_SEPARATOR, ";\n")
    text = _TEMPLATE_WORD.sub(schema, text).replace(str(TEMPLATE_ID), str(tenant_id))
    text = re.sub(rf"\b{SOURCE}\b", TEMPLATE_SCHEMA, text)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f'CREATE SCHEMA "{schema}"')
        cursor.execute("SET search_path TO pg_catalog; SET LOCAL check_function_bodies TO off")
        cursor.execute(text)


def differences(schema: str, tenant_id: UUID, other: str, other_id: UUID) -> tuple[str, ...]:
    """Statements of one schema's definition that the other's lacks, names of both apart."""
    ours = {_neutral(one, schema, tenant_id) for one in definition(schema)}
    theirs = {_neutral(one, other, other_id) for one in definition(other)}
    return tuple(sorted(ours ^ theirs))


def _neutral(statement: str, schema: str, tenant_id: UUID) -> str:
    """The statement without names, in the form that printing and reading again does not change.

    Nothing is lost by it: what is compared was made from the other's own text, so precedence was
    PostgreSQL's to keep. What is looked for is what was never written down.
    """
    word = re.compile(rf"(?<![A-Za-z0-9_]){re.escape(schema)}(?![A-Za-z0-9_])")
    statement = word.sub("<schema>", statement).replace(str(tenant_id), "<tenant>")
    statement = statement.translate(_PARENTHESES)
    return _CAST_LIST.sub(_cast_items, statement)


def _cast_items(found: re.Match[str]) -> str:
    return "ARRAY[" + _LITERAL.sub(r"\g<0>::text", found[1]) + "]"


def _try(made: Blueprint) -> None:
    """Make a schema from it, compare, and undo."""
    before = database.tenant
    with transaction.atomic():
        replay(made, _TRIAL_SCHEMA, _TRIAL_ID)
        found = differences(TEMPLATE_SCHEMA, TEMPLATE_ID, _TRIAL_SCHEMA, _TRIAL_ID)
        transaction.set_rollback(True)
    database.set_tenant(before)
    if found:
        raise CannotReplay(objects=found[:5])
