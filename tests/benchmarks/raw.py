"""The raw limits: the rows of an entry written into copies of its tables, and nothing checked.

The copies have the same columns and indexes. An INSERT also writes the two balances and the two
days that an entry writes anew. No key is claimed, no limit held, no trigger runs: what is left is
what the database takes to store them. COPY cannot write anew, and stores the others alone.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import count
from random import Random
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from psycopg import sql
from psycopg.types.json import Jsonb

from apps.platform import clock
from apps.platform.ids import new_id
from apps.platform.tenant import database
from tests.benchmarks.books import CURRENCY, DAY, Way

#: Copy -> table.
TABLES = {
    "bench_entry": "ledger_journal_entry",
    "bench_posting": "ledger_posting",
    "bench_event": "platform_outbox_message",
    "bench_balance": "ledger_account_balance",
    "bench_day": "ledger_balance_day",
}
#: Where rows are written anew, as much room on each page as the tables have.
ROOM = {"bench_balance": 50, "bench_day": 70}
ENTRY = "tenant, id, kind, description, value_date, posted_at, idempotency_key, fingerprint, digest"
POSTING = (
    "tenant, account_id, account_version, entry_id, leg, side, amount_minor, currency,"
    " balance_after_minor, value_date, posted_at"
)
EVENT = "tenant, id, name, version, aggregate, sequence, payload, recorded_at"
#: ``moved`` has the account, debit and credit of each leg, in the order of accounts.
BALANCES = """
    balance AS (UPDATE bench_balance b
                   SET debits_minor = b.debits_minor + l.debit,
                       credits_minor = b.credits_minor + l.credit, version = b.version + 1
                  FROM moved l WHERE b.account_id = l.account),
    day AS (INSERT INTO bench_day AS d (tenant, account_id, value_date, recorded_date,
                                        debits_minor, credits_minor)
            SELECT '{tenant}'::uuid, l.account, '{day}'::date, current_date, l.debit, l.credit
              FROM moved l
            ON CONFLICT (account_id, value_date, recorded_date) DO UPDATE
               SET debits_minor = d.debits_minor + excluded.debits_minor,
                   credits_minor = d.credits_minor + excluded.credits_minor)
"""
INSERT = f"""
    WITH moved AS MATERIALIZED (
             SELECT * FROM (VALUES (%s::uuid, 5, 0), (%s::uuid, 0, 5)) l(account, debit, credit)),
         entry AS (INSERT INTO bench_entry ({ENTRY}) VALUES ({{entry}})),
         event AS (INSERT INTO bench_event ({EVENT}) VALUES ({{event}})),
         {{balances}}
    INSERT INTO bench_posting ({POSTING}) VALUES ({{one}}), ({{other}})
"""
Row = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Rows:
    """What one entry of two legs puts into the three tables."""

    entry: Row
    event: Row
    legs: tuple[Row, Row]


def make_copies() -> None:
    """The empty copies; columns the raw rows leave out get an empty value by themselves."""
    with connection.cursor() as cursor:
        for copy, table in TABLES.items():
            cursor.execute(f"DROP TABLE IF EXISTS {copy}")
            room = f" WITH (fillfactor = {ROOM[copy]})" if copy in ROOM else ""
            cursor.execute(
                f"CREATE TABLE {copy} (LIKE {table} INCLUDING DEFAULTS INCLUDING INDEXES){room}"
            )
            cursor.execute(
                "SELECT column_name, data_type FROM information_schema.columns"
                " WHERE table_name = %s AND table_schema = current_schema() AND is_nullable = 'NO'"
                " AND column_default IS NULL",
                [copy],
            )
            for column, kind in cursor.fetchall():
                if kind == "character varying":
                    cursor.execute(f"ALTER TABLE {copy} ALTER {column} SET DEFAULT ''")
                elif kind == "jsonb":
                    cursor.execute(f"ALTER TABLE {copy} ALTER {column} SET DEFAULT '{{}}'")
        cursor.execute("INSERT INTO bench_balance SELECT * FROM ledger_account_balance")
        cursor.execute("ANALYZE bench_balance")


def inserts(tenant: UUID, accounts: Sequence[UUID]) -> Way:
    """One entry for each transaction, in one statement, prepared like the posting function's."""

    def way(random: Random) -> Callable[[], int]:
        versions, balances = _versions(), BALANCES.format(tenant=tenant, day=DAY)

        def work() -> int:
            chosen = sorted(random.sample(accounts, 2))
            rows = _rows(tenant, chosen, next(versions))
            parts = {
                "entry": rows.entry,
                "event": rows.event,
                "one": rows.legs[0],
                "other": rows.legs[1],
            }
            holes = {name: ", ".join(["%s"] * len(row)) for name, row in parts.items()}
            values = [*chosen, *(value for row in parts.values() for value in row)]
            database.execute_prepared(INSERT.format(balances=balances, **holes), values)
            return 1

        return work

    return way


def copies(tenant: UUID, accounts: Sequence[UUID], size: int) -> Way:
    """Many entries for each transaction, by COPY."""

    def way(random: Random) -> Callable[[], int]:
        versions = _versions()

        def work() -> int:
            rows = [_rows(tenant, random.sample(accounts, 2), next(versions)) for _ in range(size)]
            with transaction.atomic(), connection.cursor() as cursor:
                for table, columns, lines in (
                    ("bench_entry", ENTRY, [row.entry for row in rows]),
                    ("bench_posting", POSTING, [leg for row in rows for leg in row.legs]),
                    ("bench_event", EVENT, [row.event for row in rows]),
                ):
                    statement = sql.SQL(f"COPY {table} ({columns}) FROM STDIN")
                    with cursor.copy(statement) as stream:
                        for line in lines:
                            stream.write_row(line)
            return size

        return work

    return way


def _versions() -> Any:
    """Numbers that no other caller uses."""
    return count(Random().getrandbits(62))


def _rows(tenant: UUID, accounts: Sequence[UUID], version: int) -> Rows:
    id, now = new_id(), clock.now()
    digest = id.bytes * 2
    payload = Jsonb(
        {
            "entry_id": str(id),
            "kind": "bench",
            "value_date": DAY.isoformat(),
            "totals": [{"amount_minor": 5, "currency": CURRENCY}],
            "source_event": "",
            "reverses_id": None,
        }
    )
    name = f"je_{id.hex}"
    return Rows(
        entry=(tenant, id, "bench", "A sale", DAY, now, str(id), digest, digest),
        event=(tenant, new_id(), "ledger.entry_posted", 1, name, 1, payload, now),
        legs=(
            (tenant, accounts[0], version, id, 1, "D", 5, CURRENCY, 5, DAY, now),
            (tenant, accounts[1], version, id, 2, "C", 5, CURRENCY, 5, DAY, now),
        ),
    )
