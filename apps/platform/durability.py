"""Waiting for the disk on purpose."""

from __future__ import annotations

from django.db import connection

# A message nobody reads, written to the log without a transaction of its own. That it is flushed
# means that all the log before it is, whoever wrote it.
_FLUSH = "SELECT pg_logical_emit_message(false, 'flush', '', true)"


def flush() -> None:
    """Return once everything committed so far, by anybody, survives a crash of the server.

    For whoever committed with ``synchronous_commit`` off and must not answer before. Callers that
    wait at the same time share one write.
    """
    with connection.cursor() as cursor:
        cursor.execute(_FLUSH)
