"""A schema's definition, written from PostgreSQL's catalogues as the statements that make it.

Production images carry no ``pg_dump``; the catalogues describe themselves through
``pg_get_constraintdef`` and its relatives, so a connection is all that is needed. Whatever this
module cannot write down it names, and the blueprint is refused: a new tenant never silently lacks
something.

All names come out qualified, because the queries run with a ``search_path`` of ``pg_catalog``
alone. Order follows need: types and functions before the tables that use them, tables before
foreign keys, rows before foreign keys and triggers.
"""

from __future__ import annotations

from typing import Any

from django.db import connection

from apps.tenancy.errors import CannotReplay
from apps.tenancy.schemas import queries

#: Stands in the definition where rows are copied from the template itself.
SOURCE = "the_source_of_rows"


def definition(schema: str) -> list[str]:
    """The statements that make ``schema`` again: its objects, not its rows.

    Two schemas are the same when their definitions are, but for their names.
    """
    with connection.cursor() as cursor:
        cursor.execute("SET search_path TO pg_catalog")
        _refuse_unknown(cursor, schema)
        return [
            statement
            for query in queries.IN_ORDER
            for statement in _statements(cursor, query, schema)
        ]


def blueprint(schema: str) -> list[str]:
    """The definition of the template, with the rows that belong to no tenant put in their place.

    Those are what migrations leave behind: which of them ran, content types, permissions.
    """
    with connection.cursor() as cursor:
        cursor.execute("SET search_path TO pg_catalog")
        _refuse_unknown(cursor, schema)
        whole: list[str] = []
        for query in queries.IN_ORDER:
            if query is queries.FOREIGN_KEYS:
                whole += _rows(cursor, schema)
            whole += _statements(cursor, query, schema)
        return whole


def _statements(cursor: Any, query: str, schema: str) -> list[str]:
    cursor.execute(query, {"schema": schema})
    return [row[0] for row in cursor.fetchall() if row[0]]


def _refuse_unknown(cursor: Any, schema: str) -> None:
    unknown = _statements(cursor, queries.UNKNOWN, schema)
    if unknown:
        raise CannotReplay(objects=tuple(unknown))


def _rows(cursor: Any, schema: str) -> list[str]:
    """Copy what is in tables without an owner; a table with one must be empty in the template."""
    statements: list[str] = []
    cursor.execute(queries.TABLES_AND_COLUMNS, {"schema": schema})
    for table, has_owner, columns, identities in cursor.fetchall():
        cursor.execute(f"SELECT EXISTS (SELECT FROM {table})")
        if not cursor.fetchone()[0]:
            continue
        if has_owner:
            raise CannotReplay(objects=(f"rows of {table}",))
        source = table.replace(f"{schema}.", f"{SOURCE}.", 1)
        statements.append(
            f"INSERT INTO {table} ({columns}) OVERRIDING SYSTEM VALUE "
            f"SELECT {columns} FROM {source}"
        )
        statements += [
            f"SELECT setval({sequence!r}, coalesce(max({column}), 1), max({column}) IS NOT NULL) "
            f"FROM {table}"
            for sequence, column in identities or ()
        ]
    return statements
