"""The tenant constant: each table's CHECK that its rows are this tenant's and nobody else's.

A connection that looks at the wrong schema then violates a constraint instead of writing into
somebody else's books. The value is the program's, never a default of the database.
"""

from __future__ import annotations

from uuid import UUID

from django.db import connection

NAME_LENGTH_MAX = 63  # of a name in PostgreSQL
SUFFIX = "_of_this_tenant"

_UNPINNED = """
SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'tenant' AND a.atttypid = 'uuid'::regtype
WHERE n.nspname = %s AND c.relkind IN ('r', 'p') AND NOT a.attisdropped
  AND NOT EXISTS (SELECT FROM pg_constraint k WHERE k.conrelid = c.oid AND k.contype = 'c'
                  AND k.conname = left(c.relname, %s) || %s)
ORDER BY c.relname
"""


def pin(schema: str, tenant_id: UUID) -> list[str]:
    """Pin every table of the schema that is not pinned yet; return their names."""
    with connection.cursor() as cursor:
        cursor.execute(_UNPINNED, [schema, NAME_LENGTH_MAX - len(SUFFIX), SUFFIX])
        tables = [row[0] for row in cursor.fetchall()]
        for table in tables:
            cursor.execute(
                f'ALTER TABLE "{schema}"."{table}" ADD CONSTRAINT "{pin_name(table)}" '
                f"CHECK (tenant = '{tenant_id}')"
            )
    return tables


def pin_name(table: str) -> str:
    """The constraint's name."""
    return f"{table[: NAME_LENGTH_MAX - len(SUFFIX)]}{SUFFIX}"
