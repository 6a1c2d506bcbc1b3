"""Moving to a tenant's schema only when the session is not there already.

The backend below sends ``SET search_path`` before every statement, because it cannot know where the
session looks. PostgreSQL 18 tells: it reports every change of ``search_path``, whoever made it, a
rollback included, before it takes the next statement. So the session's own word decides, not our
memory of what we sent, and a raw ``SET search_path`` is noticed as before. It halves the round
trips of a short transaction.
"""

from __future__ import annotations

from typing import Any

from django_tenants.postgresql_backend.base import DatabaseWrapper as TenantsWrapper


class DatabaseWrapper(TenantsWrapper):
    """As its base, one statement less wherever the session says that it looks there already."""

    def _handle_search_path(self, cursor: Any = None) -> None:
        if not self._setting_search_path and self._is_there():
            return
        super()._handle_search_path(cursor)

    def execute_prepared(self, query: Any, arguments: Any = None) -> Any:
        """Run a statement of the hot path as one that the session prepares once; the cursor of it.

        To parse and plan such a statement takes as long as to carry it out. It goes past Django's
        cursor, so no query log or query metric knows of it.
        """
        self.ensure_connection()
        self.validate_no_broken_transaction()
        if not self._is_there():
            with self.cursor():  # which moves to the schema
                pass
        return self.execute_anywhere(query, arguments)

    def execute_anywhere(self, query: Any, arguments: Any = None) -> Any:
        """The same for a statement that names its schema, wherever the session looks."""
        self.ensure_connection()
        session = self.connection
        before = session.prepare_threshold
        session.prepare_threshold = 0  # nothing else is prepared: Django switches it off
        try:
            with self.wrap_database_errors:
                return session.execute(query, arguments, prepare=True)
        finally:
            session.prepare_threshold = before

    def _is_there(self) -> bool:
        """False also where the server does not report it: before PostgreSQL 18."""
        if not self.schema_name:
            return False
        told = self.connection.pgconn.parameter_status(b"search_path")
        wanted = ", ".join(self._get_cursor_search_paths())
        return told is not None and told.decode() == wanted
