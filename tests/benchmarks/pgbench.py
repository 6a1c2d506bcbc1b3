"""Load made by ``pgbench``, PostgreSQL's own client in C: the server is what is measured.

Sixteen Python callers on two cores spend more on themselves than the server does on their
postings, and hide what holds postings up there: the disk, or a lock held while it writes.
"""

from __future__ import annotations

import os
import re
import resource
import subprocess
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from time import sleep
from uuid import UUID

from django.db import connection

from apps.platform.tenant import current_tenant
from deploy.local.binaries import postgres_folder
from tests.benchmarks.books import CURRENCY, DAY, Books
from tests.benchmarks.crowd import CLOCK_TICKS, Tally
from tests.benchmarks.raw import BALANCES, ENTRY, EVENT, POSTING

#: Waits that are no work of a posting.
IDLE = {"Client", "Activity", "Timeout"}
LOOKS = 40

#: What both scripts write, from one random pair of accounts and one new id.
_EVENT = f"""jsonb_build_object('entry_id', g.id, 'kind', 'bench', 'value_date', '{DAY}',
    'totals', '[{{"amount_minor": 5, "currency": "{CURRENCY}"}}]'::jsonb, 'source_event', '',
    'reverses_id', NULL)"""
_NEW = "(SELECT uuidv7() AS id, clock_timestamp() AS at OFFSET 0) g"


def posting(first: str, second: str, *, flushes: bool = False, is_plain: bool = True) -> str:
    """The posting function, an account on each side; :a and :b are numbers drawn anew each time.

    Accounts that are not kept synchronously are posted to by the general one: not ``is_plain``.

    ``flushes`` is what whoever posts to accounts released early does before anybody is told: the
    flush comes after the commit, in the same way to the server.
    """
    entry = (
        "g.id",
        "'bench'::text",
        "'A sale'::text",
        f"'{DAY}'::date",
        "NULL::timestamptz",
        "g.id::text",
        "sha256(uuid_send(g.id))",
        "''::text",
        "NULL::uuid",
        "''::text",
        "NULL::uuid",
        "''::text",
        "'{}'::jsonb",
        "uuidv7()",
        "'je_' || g.id",
        _EVENT,
    )
    # A colon before a letter would be a variable of pgbench.
    who = ("'system' || chr(58) || 'system'", "NULL::uuid", "''::text", "''::text")
    legs = (
        f"ARRAY[{first}, {second}]::text[]",
        "ARRAY['D', 'C']::text[]",
        "ARRAY[5, 5]::bigint[]",
        f"ARRAY['{CURRENCY}', '{CURRENCY}']::text[]",
        "ARRAY[NULL, NULL]::text[]",
    )
    each = (*who, *entry)
    arguments = (
        (*each, *legs)
        if is_plain
        else (*(f"ARRAY[{one}]" for one in each), "ARRAY[1, 1]", *legs, "NULL::jsonb")
    )
    function = "ledger_post_entry_v1" if is_plain else "ledger_post_few_entries_v1"
    call = f"""
        SELECT r.entry_id, CASE WHEN current_setting('ledger.releases_early', true) = 'on'
                                THEN ledger_release_early_v1() ELSE false END
          FROM {_NEW}, LATERAL {function}(
            '{current_tenant().id}'::uuid, g.at, {", ".join(arguments)}) r"""
    flush = "\\syncpipeline\nSELECT pg_logical_emit_message(false, 'flush', '', true);"
    if flushes:
        return f"\\startpipeline\n{_one_line(call)};\n{flush}\n\\endpipeline\n"
    return f"{_one_line(call)};\n"


def rows(ids: list[UUID], *, is_journal_alone: bool = False) -> str:
    """The same rows written into the copies that ``raw`` makes, and nothing checked.

    ``is_journal_alone``: without the balances and days, which are written anew and not inserted.
    Accounts are taken in one order, as by the posting function, or callers would lock one another.
    """
    tenant, listed = current_tenant().id, ", ".join(f"'{id}'" for id in ids)
    hashed = "sha256(uuid_send(g.id))"
    entry = f"'{tenant}', g.id, 'bench', 'A sale', '{DAY}', g.at, g.id::text, {hashed}, {hashed}"
    event = f"'{tenant}', uuidv7(), 'ledger.entry_posted', 1, 'je_' || g.id, 1, {_EVENT}, g.at"
    legs = ", ".join(
        f"((ARRAY[{listed}]::uuid[])[{which}(:a::int, :b::int) + 1],"
        f" nextval('bench_version'), {leg}, '{side}', {debit}, {5 - debit})"
        for leg, (which, side, debit) in enumerate((("least", "D", 5), ("greatest", "C", 0)), 1)
    )
    balances = "" if is_journal_alone else f", {BALANCES.format(tenant=tenant, day=DAY)}"
    insert = f"""
        WITH g AS MATERIALIZED (SELECT uuidv7() AS id, clock_timestamp() AS at),
             moved AS MATERIALIZED (
                 SELECT * FROM (VALUES {legs}) l(account, version, leg, side, debit, credit)),
             entry AS (INSERT INTO bench_entry ({ENTRY}) SELECT {entry} FROM g),
             event AS (INSERT INTO bench_event ({EVENT}) SELECT {event} FROM g)
             {balances}
        INSERT INTO bench_posting ({POSTING})
        SELECT '{tenant}', l.account, l.version, g.id, l.leg, l.side, 5, '{CURRENCY}', 5, '{DAY}',
               g.at
          FROM g, moved l"""
    with connection.cursor() as cursor:
        cursor.execute("CREATE SEQUENCE IF NOT EXISTS bench_version CACHE 1000")
    return f"{_one_line(insert)};\n"


def pgbench(script: str, books: Books, clients: int, seconds: float) -> tuple[Tally, Counter[str]]:
    """Run the script prepared, from that many connections; and what the server waited for.

    CPU of the server is that of its ended children; ``client`` is pgbench's own.
    """
    numbers = books.accounts
    draw = (
        f"\\set a random(0, {numbers - 1})\n"
        f"\\set b (:a + random(1, {max(1, numbers - 1)})) % {numbers}\n"
    )
    with TemporaryDirectory() as folder:
        path = Path(folder) / "script.sql"
        path.write_text(draw + script)
        before, client = _children_seconds(), resource.getrusage(resource.RUSAGE_CHILDREN)
        with subprocess.Popen(
            [
                str(postgres_folder() / "pgbench"), "-n", "-M", "prepared", "-c", str(clients),
                "-j", "2", "-T", str(max(2, round(seconds))), "-f", str(path), "-l",
                "--log-prefix", str(Path(folder) / "log"), _address(),
            ],
            env={**os.environ, "PGOPTIONS": f"-c search_path={current_tenant().schema},public"},
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        ) as running:  # fmt: skip
            waits = _watch(running, seconds)
            out, complaints = running.communicate()
            sleep(1)  # the last sessions end a little later
        if running.returncode:
            raise RuntimeError(complaints[-2000:])
        times = sorted(
            int(line.split()[2])
            for log in Path(folder).glob("log.*")
            for line in log.read_text().splitlines()
        )
    done = len(times)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    spent = after.ru_utime + after.ru_stime - client.ru_utime - client.ru_stime
    rate = re.search(r"tps = ([\d.]+)", out)
    assert rate, out
    return Tally(
        rate=float(rate[1]),
        client_us=spent / done * 1e6,
        server_us=(_children_seconds() - before) / done * 1e6,
        p50_ms=times[done // 2] / 1e3,
        p99_ms=times[done * 99 // 100] / 1e3,
    ), waits


@contextmanager
def unguarded() -> Iterator[None]:
    """The tables of a posting without their triggers: not balanced, not open, not guarded."""
    try:
        _switch("DISABLE")
        yield
    finally:
        _switch("ENABLE")


def _switch(how: str) -> None:
    with connection.cursor() as cursor:
        for table in ("journal_entry", "posting", "account_balance"):
            cursor.execute(f"ALTER TABLE ledger_{table} {how} TRIGGER USER")


def _watch(running: subprocess.Popen[str], seconds: float) -> Counter[str]:
    """What sessions are at, now and then: the names of their waits, or ``cpu``."""
    found = Counter[str]()
    for _ in range(LOOKS):
        try:
            running.wait(max(seconds, 2) / LOOKS)
        except subprocess.TimeoutExpired:
            with connection.cursor() as cursor:
                cursor.execute(
                    "SELECT coalesce(wait_event_type, ''), coalesce(wait_event, 'cpu')"
                    "  FROM pg_stat_activity WHERE application_name = 'pgbench'"
                    "   AND state = 'active'"
                )
                found.update(event for kind, event in cursor.fetchall() if kind not in IDLE)
        else:
            break
    return found


def _children_seconds() -> float:
    """CPU time of the server's ended children."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        (pid,) = cursor.fetchone()
    parent = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[1]
    fields = Path(f"/proc/{parent}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[13]) + int(fields[14])) / CLOCK_TICKS


def _address() -> str:
    about = connection.settings_dict
    return (
        f"host={about['HOST']} port={about['PORT']} user={about['USER'] or 'postgres'}"
        f" dbname={about['NAME']}"
    )


def _one_line(statement: str) -> str:
    """A backslash command ends with its line, a statement with its semicolon."""
    return " ".join(statement.split())
