"""Remove each guard in turn, run the tests that are there for it, and tell which went unnoticed.

One pytest session: its tests are collected once, run unmutated first, and then again after each
mutation of the test database's schemas or of a function of the program. ``make mutants`` runs them
all and writes ``table.csv`` beside this file; arguments are parts of names of guards to look at.
"""

from __future__ import annotations

import ast
import csv
import importlib
import inspect
import sys
import textwrap
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import psycopg
import pytest
from _pytest.runner import runtestprotocol
from hypothesis import Phase, settings

from tests.mutants.table import FUNCTIONS, PROGRAM, TRIGGERS

_SCHEMAS = """
    SELECT n.nspname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE c.relname = 'ledger_posting' AND c.relkind = 'r'
"""
_GUARD = "test_every_guard::"
#: The tenant whose tests commit: what a mutant let through stays in its books.
_COMMITTED = "races"
TABLE = Path(__file__).with_name("table.csv")


@dataclass(frozen=True, kw_only=True)
class Mutant:
    """What is removed, which tests must notice, and how it is done and undone."""

    kind: str
    name: str
    test: str
    change: Callable[[], Any]


class Database:
    """The test database, changed for good until it is changed back."""

    def __init__(self) -> None:
        from django.db import connection

        settings = connection.get_connection_params()
        wanted = ("host", "port", "user", "password", "dbname")
        self._link = psycopg.connect(
            autocommit=True, **{k: v for k, v in settings.items() if k in wanted}
        )

    def ask(self, query: str, *arguments: Any) -> list[Any]:
        """All rows; nothing waits for a lock that a test left behind for long."""
        self._link.execute("SET lock_timeout = '20s'")
        cursor = self._link.execute(query, arguments or None)
        return cursor.fetchall() if cursor.description else []

    @contextmanager
    def dropped(self, kind: str, name: str) -> Iterator[None]:
        """A trigger, constraint or index is gone from every tenant's schema within the block."""
        back = []
        for (schema,) in self.ask(_SCHEMAS):
            back += [self._drop(schema, kind, name)]
        try:
            yield
        finally:
            for statement in filter(None, back):
                self.ask(statement)

    def _drop(self, schema: str, kind: str, name: str) -> str:
        if kind == "trigger":
            query = "SELECT g.tgrelid::regclass, pg_get_triggerdef(g.oid) FROM pg_trigger g"
            query += " JOIN pg_class c ON c.oid = g.tgrelid WHERE g.tgname = %s"
            query += " AND c.relnamespace = %s::regnamespace"
            [(table, text)] = self.ask(query, name, schema)
            self.ask(f'DROP TRIGGER "{name}" ON {table}')
            return str(text)
        query = "SELECT conrelid::regclass, pg_get_constraintdef(oid) FROM pg_constraint"
        found = self.ask(
            query + " WHERE conname = %s AND connamespace = %s::regnamespace", name, schema
        )
        if found:
            [(table, text)] = found
            self.ask(f'ALTER TABLE {table} DROP CONSTRAINT "{name}" CASCADE')
            return f'ALTER TABLE {table} ADD CONSTRAINT "{name}" {text}'
        [(text,)] = self.ask("SELECT pg_get_indexdef(%s::regclass)", f'"{schema}"."{name}"')
        self.ask(f'DROP INDEX "{schema}"."{name}"')
        return str(text)

    @contextmanager
    def rewritten(self, name: str, old: str, new: str) -> Iterator[None]:
        """A function says something else in every tenant's schema within the block."""
        query = "SELECT pg_get_functiondef(p.oid) FROM pg_proc p WHERE p.proname = %s"
        texts = [text for (text,) in self.ask(query, name)]
        if not texts or not all(old in text for text in texts):
            raise LookupError(f"{name} does not say {old!r}")
        for text in texts:
            self.ask(text.replace(old, new))
        try:
            yield
        finally:
            for text in texts:
                self.ask(text)


@contextmanager
def reprogrammed(target: str, old: str, new: str) -> Iterator[None]:
    """A function of the program runs another text within the block, whoever imported it."""
    module_name, _, path = target.partition(":")
    module = importlib.import_module(f"apps.ledger.{module_name}")
    found: Any = module
    for part in path.split("."):
        found = getattr(found, part)
    function = inspect.unwrap(found)
    text = textwrap.dedent(inspect.getsource(function))
    if old not in text:
        raise LookupError(f"{target} does not say {old!r}")
    tree = ast.parse("from __future__ import annotations\n" + text.replace(old, new))
    definition = tree.body[1]
    assert isinstance(definition, ast.FunctionDef)
    definition.decorator_list = []
    names: dict[str, Any] = dict(vars(module))
    exec(compile(ast.fix_missing_locations(tree), "<mutant>", "exec"), names)  # noqa: S102  ours
    before = function.__code__
    function.__code__ = names[definition.name].__code__
    try:
        yield
    finally:
        function.__code__ = before


def mutants(database: Database) -> Iterator[Mutant]:
    """All of them, the simple ones first."""
    from tests.mutants.guards import KEPT, MEANING, UNIQUE, WRONG

    tables = [
        ("check", WRONG, "test_a_check_refuses_what_it_is_there_for"),
        ("unique", UNIQUE, "test_what_is_unique_comes_once"),
        ("trigger", KEPT, "test_what_is_kept_is_not_removed_or_rewritten"),
        ("trigger", MEANING, "test_what_is_said_stays_said"),
    ]
    for kind, names, test in tables:
        for name in names:
            yield Mutant(
                kind=kind,
                name=name,
                test=f"{_GUARD}{test}[{name}]",
                change=partial(database.dropped, kind, name),
            )
    query = "SELECT DISTINCT conname FROM pg_constraint WHERE conname ~ %s ORDER BY 1"
    for (name,) in database.ask(query, "^ledger_.*_of_this_tenant$"):
        yield Mutant(
            kind="pin",
            name=name,
            test=f"{_GUARD}test_rows_are_their_tenants",
            change=partial(database.dropped, "pin", name),
        )
    for name, test in TRIGGERS.items():
        yield Mutant(
            kind="trigger",
            name=name,
            test=test,
            change=partial(database.dropped, "trigger", name),
        )
    for name, old, new, test in FUNCTIONS:
        yield Mutant(
            kind="function",
            name=f"{name}: {old}",
            test=test,
            change=partial(database.rewritten, name, old, new),
        )
    for name, old, new, test in PROGRAM:
        yield Mutant(
            kind="program",
            name=f"{name}: {old}",
            test=test,
            change=partial(reprogrammed, name, old, new),
        )


class Hunt:
    """A pytest plugin that runs the collected tests once for each mutant."""

    def __init__(self, parts: list[str]) -> None:
        self.parts = parts
        self.table: list[tuple[str, str, str, str, str]] = []
        self.told: list[str] = []
        self.items: list[pytest.Item] = []

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """In place of running every test."""
        # A failing example is enough; nobody reads the smallest one.
        settings.register_profile("hunt", settings(), phases=(Phase.explicit, Phase.generate))
        settings.load_profile("hunt")
        items = self.items = session.items
        first = next(item for item in items if "test_opening_one_account" in item.nodeid)
        self._noticed([first])  # makes the database and a tenant that commits
        chosen = [
            one
            for one in mutants(Database())
            if not self.parts or any(part in one.name for part in self.parts)
        ]
        known: dict[str, bool] = {}
        for number, one in enumerate(chosen, start=1):
            tests = [item for item in items if _named(item.nodeid, one.test)]
            began = time.monotonic()
            if one.test not in known:
                known[one.test] = bool(tests) and not self._noticed(tests)
            verdict = self._verdict(one, tests) if known[one.test] else "NO SOUND TEST"
            seconds = time.monotonic() - began
            self.table.append((one.kind, one.name, verdict, one.test, f"{seconds:.1f}"))
            print(f"{number:3}/{len(chosen)}", *self.table[-1], flush=True)
            if verdict in ("NO SOUND TEST", "STALE"):
                print("\n".join(self.told), flush=True)
        survivors = [row for row in self.table if row[2] != "caught"]
        print(f"\n{len(chosen) - len(survivors)} of {len(chosen)} mutants were caught.")
        print("\n".join(map(" ".join, survivors)))
        if not self.parts:
            self._write()
        session.testsfailed = len(survivors)
        return True

    def _verdict(self, one: Mutant, tests: list[pytest.Item]) -> str:
        try:
            with one.change():
                return "caught" if self._noticed(tests) else "SURVIVED"
        except LookupError as stale:
            self.told = [str(stale)]
            return "STALE"
        finally:
            self._renew(tests)

    @staticmethod
    def _renew(tests: list[pytest.Item]) -> None:
        """The next mutant meets committed books that are sound."""
        for item in tests:
            assert isinstance(item, pytest.Function)
            for fixture in item._fixtureinfo.name2fixturedefs.get(_COMMITTED, ())[-1:]:
                item._initrequest()  # a test that ran has put its request away
                fixture.finish(item._request)  # type: ignore[arg-type]  # only its node is asked

    def _write(self) -> None:
        with TABLE.open("w", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(("kind", "guard", "verdict", "caught by", "seconds"))
            writer.writerows(self.table)

    def _noticed(self, tests: list[pytest.Item]) -> bool:
        """True as soon as a test fails.

        What belongs to the session stays: the test that is said to come next is of another module.
        """
        for item in tests:
            after = next(one for one in self.items if one.path != item.path)
            reports = runtestprotocol(item, log=False, nextitem=after)
            if any(report.failed for report in reports):
                self.told = [one.longreprtext[-1_500:] for one in reports if one.failed]
                return True
        return False


def _named(nodeid: str, test: str) -> bool:
    return nodeid.removeprefix("tests/ledger/").replace(".py::", "::").startswith(test)


def main() -> int:
    """0 when every mutant was caught."""
    hunt = Hunt(sys.argv[1:])
    code = pytest.main(
        ["tests/ledger", "-q", "-p", "no:cacheprovider", "-s", "-W", "ignore", "--no-header"],
        plugins=[hunt],
    )
    return int(code)


if __name__ == "__main__":
    raise SystemExit(main())
