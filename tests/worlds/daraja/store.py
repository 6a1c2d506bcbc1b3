"""The file the provider's books are kept in: SQLite, every commit on disk before it is believed."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

Row = sqlite3.Row
Value = str | int | None


class Store:
    """One connection shared by all threads, one transaction at a time."""

    def __init__(self, path: Path, schema: Path | None = None) -> None:
        self._lock = threading.RLock()
        self._connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self._connection.row_factory = sqlite3.Row
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
            self._connection.execute(f"PRAGMA {pragma}")
        tables = schema or Path(__file__).with_name("schema.sql")
        self._connection.executescript(tables.read_text())

    def close(self) -> None:
        with self._lock:
            self._connection.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing. Inside another transaction it becomes part of that one."""
        with self._lock:
            if self._connection.in_transaction:
                yield
                return
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield
            except BaseException:
                self._connection.execute("ROLLBACK")
                raise
            self._connection.execute("COMMIT")

    def rows(self, sql: str, *values: Value) -> list[Row]:
        with self._lock:
            return self._connection.execute(sql, values).fetchall()

    def row(self, sql: str, *values: Value) -> Row | None:
        with self._lock:
            found: Row | None = self._connection.execute(sql, values).fetchone()
            return found

    def number(self, sql: str, *values: Value) -> int:
        """The single whole number a query answers; nothing counts as zero."""
        found = self.row(sql, *values)
        return int(found[0] or 0) if found else 0

    def write(self, sql: str, *values: Value) -> int:
        """Change something; answers the row id of an insertion."""
        with self.transaction():
            return self._connection.execute(sql, values).lastrowid or 0

    def insert(self, table: str, **columns: Value) -> int:
        """Add one row; the column names are ours, never a client's."""
        names, marks = ", ".join(columns), ", ".join("?" * len(columns))
        return self.write(f"INSERT INTO {table} ({names}) VALUES ({marks})", *columns.values())

    def count_up(self, counter: str) -> int:
        """The next number of a named sequence, starting at 1."""
        return self.number(
            "INSERT INTO counter VALUES (?, 1)"
            " ON CONFLICT (name) DO UPDATE SET value = value + 1 RETURNING value",
            counter,
        )
