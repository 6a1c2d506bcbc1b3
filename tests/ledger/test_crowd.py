"""Processes of many threads at once, on hot and on random accounts: no deadlock, no drift.

``make crowd`` makes it a large one: CROWD_PROCESSES, CROWD_THREADS, CROWD_OPERATIONS, CROWD_SEED.
"""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from apps.ledger.selectors import account_balance, books_violations
from apps.ledger.services import fold_postings, open_account
from apps.platform.actors import SYSTEM
from apps.platform.ids import new_id
from apps.tenancy.contexts import inside
from apps.tenancy.models import Tenant
from tests.ledger.test_races import deadlocks

ROOT = Path(__file__).resolve().parents[2]
PROCESSES = int(os.environ.get("CROWD_PROCESSES", "2"))
THREADS = int(os.environ.get("CROWD_THREADS", "3"))
OPERATIONS = int(os.environ.get("CROWD_OPERATIONS", "40"))
SEED = int(os.environ.get("CROWD_SEED") or random.SystemRandom().randrange(2**31))
#: The first two are those that everybody wants; of the last, nobody may take what it has not.
ACCOUNTS = 8


@pytest.fixture
def accounts(races: Tenant, django_db_blocker: Any) -> Any:
    """Fresh accounts in committed books that are sound before and after."""
    with django_db_blocker.unblock(), inside(races):
        codes = [f"crowd.{number}.{new_id()}" for number in range(ACCOUNTS)]
        for code in codes:
            open_account(
                code=code,
                name="x",
                account_class="asset",
                currency="KES",
                floor_minor=0 if code == codes[-1] else None,
                actor=SYSTEM,
            )
        yield codes
        while fold_postings(actor=SYSTEM):
            pass
        assert books_violations("full") == []


def test_a_crowd_leaves_what_it_was_answered(
    races: Tenant, accounts: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    before, began = deadlocks(), time.monotonic()
    told = answers_of_the_crowd(races, accounts)
    seconds = time.monotonic() - began
    assert [line["failed"] for line in told if "failed" in line] == [[]] * PROCESSES
    moved, postings, held = Counter[str](), Counter[str](), Counter[tuple[str, str]]()
    for line in told:
        for one, other, minor in line.get("moved", []):
            moved.update({one: minor})
            moved.subtract({other: minor})
            postings.update([one, other])
        for one, other, minor in line.get("held", []):
            held[one, "in"] += minor
            held[other, "out"] += minor
    for code in accounts:
        row = account_balance(code)
        assert (row.balance.minor, row.version) == (moved[code], postings[code])
        assert (row.pending_in.minor, row.pending_out.minor) == (
            held[code, "in"],
            held[code, "out"],
        )
    assert deadlocks() == before
    with capsys.disabled():
        counts = Counter(name for line in told for name in line)
        print(f"\n{PROCESSES}x{THREADS}, SEED={SEED}: {dict(counts)} in {seconds:.0f} s")


def answers_of_the_crowd(tenant: Tenant, accounts: list[str]) -> list[dict[str, Any]]:
    """Every line that every process wrote."""
    command = [sys.executable, "-m", "tests.ledger.crowd", tenant.schema_name, str(tenant.id)]
    crowd = [
        subprocess.Popen(
            [*command, str(SEED + number), str(THREADS), str(OPERATIONS), *accounts],
            cwd=ROOT,
            env={**os.environ, "DATABASE_URL": _url()},
            stdout=subprocess.PIPE,
            text=True,
        )
        for number in range(PROCESSES)
    ]
    answers = [one.communicate()[0] for one in crowd]
    return [json.loads(line) for text in answers for line in text.splitlines()]


def _url() -> str:
    """Where the tests' own database is."""
    name = connection.settings_dict["NAME"]
    place, _, asked = os.environ["DATABASE_URL"].partition("?")
    return f"{place.rpartition('/')[0]}/{name}{'?' if asked else ''}{asked}"
