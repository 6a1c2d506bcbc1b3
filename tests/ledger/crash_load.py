"""Posts to accounts of every mode until the database goes away, and looks at the books afterwards.

``python -m tests.ledger.crash_load SCHEMA TENANT`` says ``ready``, then the mode and the key of
each posting once it is answered, and at last what it finds when the server is back.
"""

# ruff: noqa: E402  Django is set up before its parts are imported

from __future__ import annotations

import os
import sys
import threading
import time
from itertools import count
from typing import Any
from uuid import UUID

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.test")
os.environ["LOG_LEVEL"] = "ERROR"

import django
from django.conf import settings

database: Any = settings.DATABASES["default"]
del database["OPTIONS"]["pool"]  # which waits long for a lost server
django.setup()

from django.db import DatabaseError, connection

from apps.ledger.domain import BalanceMode, credit, debit
from apps.ledger.selectors import backlog, books_violations
from apps.ledger.services import change_account_mode, fold_postings, open_account, post_entry
from apps.platform.actors import SYSTEM
from apps.platform.ids import new_id
from apps.tenancy.contexts import inside
from apps.tenancy.models import Tenant
from tests.ledger.conftest import draft, kes

WRITERS = 6
ROUNDS = 2
BACK_SECONDS = 20.0
#: Mode, and whether it is released early.
WAYS = [
    (BalanceMode.SYNCHRONOUS, False),
    (BalanceMode.SYNCHRONOUS, True),
    (BalanceMode.SHARDED, False),
    (BalanceMode.SHARDED, True),
    (BalanceMode.DEFERRED, False),
]


def main() -> None:
    """Open the accounts, post, wait, look."""
    tenant = Tenant(
        id=UUID(sys.argv[2]),
        schema_name=sys.argv[1],
        slug="crash",
        name="Crash",
        functional_currency="KES",
    )
    with inside(tenant):
        names = [opened(mode, is_early) for mode, is_early in WAYS]
        say("ready")
        writers = [
            threading.Thread(target=write, args=(tenant, names[number % len(names) :] + names))
            for number in range(WRITERS)
        ]
        for writer in writers:
            writer.start()
        for writer in writers:
            writer.join()
        look()


def opened(mode: BalanceMode, is_early: bool) -> str:
    code = f"{mode}.{is_early}"
    open_account(code=code, name=code, account_class="asset", currency="KES", actor=SYSTEM)
    change_account_mode(code=code, mode=mode, releases_early=is_early, reason="Load", actor=SYSTEM)
    return code


def write(tenant: Tenant, names: list[str]) -> None:
    """Until an error, which can only be that the server is gone."""
    early = [name for name in names if "True" in name]
    with inside(tenant):
        for turn in count():
            # At last only those released early: nobody else's commit flushes for them.
            for name in names if turn < ROUNDS else early:
                key = str(new_id())
                made = draft(debit(name, kes(7)), credit("deferred.False", kes(7)))
                try:
                    post_entry(draft=made, idempotency_key=key, actor=SYSTEM)
                except DatabaseError:
                    connection.close()
                    return
                say(f"{name} {key}")


def look() -> None:
    """Wait for the server, fold what is left, and prove the books."""
    until = time.monotonic() + BACK_SECONDS
    while True:
        try:
            connection.close()
            while fold_postings(actor=SYSTEM):
                pass
            say(f"found {books_violations()} and {backlog().postings} to fold")
        except DatabaseError:
            if time.monotonic() > until:
                raise
            time.sleep(0.1)
        else:
            return


def say(text: str) -> None:
    """One whole line, at once."""
    os.write(1, f"{text}\n".encode())


if __name__ == "__main__":
    main()
