"""An immediate stop of the server under load loses nothing that was answered, in any mode."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections import defaultdict
from pathlib import Path

import psycopg

from apps.tenancy.models import Tenant
from apps.tenancy.schemas.definition import definition
from deploy.local.say import Voice
from deploy.local.stack import Stack, thrown_away

ROOT = Path(__file__).resolve().parents[2]
ENOUGH = 60
LOAD_SECONDS = 6.0


def test_an_immediate_stop_loses_no_posting_that_was_answered(mara: Tenant) -> None:
    statements = definition(mara.schema_name)
    given = {name: os.environ[name] for name in ("REDIS_URL", "NATS_URL")}
    with thrown_away(Voice(quiet=True), given, durable=True) as stack:
        database = stack.environment["DATABASE_URL"]
        with psycopg.connect(database) as session:
            session.execute("SET check_function_bodies = off")
            session.execute(f'CREATE SCHEMA "{mara.schema_name}"')
            for statement in statements:
                session.execute(statement)
        answered = load_until_the_stop(stack, mara)
        with psycopg.connect(database) as session:
            rows = session.execute(
                f"SELECT idempotency_key FROM {mara.schema_name}.ledger_journal_entry"
            ).fetchall()
    kept = {key for (key,) in rows}
    assert {mode: set(keys) - kept for mode, keys in answered.items()} == {
        "synchronous.False": set(),
        "synchronous.True": set(),
        "sharded.False": set(),
        "sharded.True": set(),
        "deferred.False": set(),
    }


def load_until_the_stop(stack: Stack, tenant: Tenant) -> dict[str, list[str]]:
    """Post from a process of its own, stop the server, let it come back; the answered keys."""
    with subprocess.Popen(
        [sys.executable, "-m", "tests.ledger.crash_load", tenant.schema_name, str(tenant.id)],
        cwd=ROOT,
        env={**os.environ, **stack.environment},
        stdout=subprocess.PIPE,
        text=True,
    ) as program:
        assert program.stdout is not None
        answered: dict[str, list[str]] = defaultdict(list)
        deadline = None
        for line in program.stdout:
            words = line.split()
            if words == ["ready"]:
                deadline = time.monotonic() + LOAD_SECONDS
            elif words[0] == "found":
                assert line == "found [] and 0 to fold\n"
            else:
                answered[words[0]].append(words[1])
                early = sum(len(keys) for mode, keys in answered.items() if "True" in mode)
                if deadline and (early >= ENOUGH or time.monotonic() > deadline):
                    deadline = None
                    stop_immediately(stack)
                    come_back(stack)
    assert program.returncode == 0
    return answered


def stop_immediately(stack: Stack) -> None:
    """As ``pg_ctl -m immediate stop``: no process of the server may finish what it does."""
    os.kill(stack.supervisor.children["postgres"].pid, signal.SIGQUIT)


def come_back(stack: Stack) -> None:
    """The supervisor starts it again; it recovers from its log."""
    child = stack.supervisor.children["postgres"]

    def is_back() -> bool:
        try:
            psycopg.connect(stack.environment["DATABASE_URL"]).close()
        except psycopg.OperationalError:
            return False
        return True

    stack.supervisor.wait_until(is_back, child)
