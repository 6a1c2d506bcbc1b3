"""Clients that post, ask again until they know, and write down every answer they were given.

``python -m tests.faults.client SCHEMA TENANT SEED LOG`` says ``ready``, posts until a line comes on
its standard input, finds out what became of every request that is still open, audits the books and
says what the audit found, as JSON. The log holds one line of JSON for each answer.
"""

# ruff: noqa: E402  Django is set up before its parts are imported

from __future__ import annotations

import json
import os
import random
import sys
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from uuid import UUID

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.test")
os.environ["LOG_LEVEL"] = "ERROR"

import django
from django.conf import settings

database: Any = settings.DATABASES["default"]
del database["OPTIONS"]["pool"]  # which waits long for a lost server
django.setup()

from django.db import Error as DatabaseError
from django.db import connection

from apps.ledger import errors
from apps.ledger.domain import credit, debit
from apps.ledger.services import open_account, post_entry
from apps.platform.actors import SYSTEM
from apps.platform.errors import Busy
from apps.reporting.selectors import audit_books
from apps.tenancy.contexts import inside
from apps.tenancy.models import Tenant
from tests.ledger.conftest import draft, kes

CLIENTS = 6
ACCOUNTS = 12
#: All clients want these, in both directions, so that circles could form.
HOT = 2
HOT_SHARE = 0.6
FUNDS = 1_000_000
#: Shares of requests: sent again though answered, never possible, and wanting more than there is.
AGAIN, IMPOSSIBLE, TOO_MUCH = 0.2, 0.05, 0.05
PAUSE_SECONDS = 0.05
#: After the fault is gone every open request must be decided within this time.
DECIDED_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Request:
    """One posting with its key. Sent as often as needed, always the same."""

    key: str
    giver: str
    taker: str
    minor: int


class Client:
    """One thread with its own fortune; what it is told goes to the log and nowhere else."""

    def __init__(self, number: int, seed: int, log: int) -> None:
        self.random = random.Random(f"{seed}.{number}")
        self.number, self.log = number, log
        self.answered: list[Request] = []
        self.sent = 0

    def live(self, stop: threading.Event) -> None:
        """Ask until told to stop; leave nothing undecided behind."""
        while not stop.is_set():
            again = self.answered and self.random.random() < AGAIN
            self.decide(self.random.choice(self.answered) if again else self.next(), stop)

    def next(self) -> Request:
        """A new request, sometimes one that must be refused."""
        self.sent += 1
        names = accounts()
        among = names[:HOT] if self.random.random() < HOT_SHARE else names
        giver, taker = self.random.sample(among, 2)
        minor, fate = self.random.randint(1, 50), self.random.random()
        if fate < IMPOSSIBLE:
            taker = "faults.nowhere"
        elif fate < IMPOSSIBLE + TOO_MUCH:
            minor = FUNDS * ACCOUNTS * 2
        return Request(f"{self.number}.{self.sent}", giver, taker, minor)

    def decide(self, request: Request, stop: threading.Event) -> None:
        """Send it until the answer is definite."""
        made = draft(
            debit(request.giver, kes(request.minor)), credit(request.taker, kes(request.minor))
        )
        deadline, tries = 0.0, 0
        while True:
            tries += 1
            try:
                receipt = post_entry(draft=made, idempotency_key=request.key, actor=SYSTEM)
            except (errors.InsufficientFunds, errors.UnknownAccount) as refusal:
                self.tell(request, tries, refused=refusal.code)
                return
            except (DatabaseError, Busy):
                # Nobody knows what became of it: only asking again under the same key will tell.
                with suppress(DatabaseError):
                    connection.close()
                if stop.is_set():
                    deadline = deadline or time.monotonic() + DECIDED_SECONDS
                    if time.monotonic() > deadline:
                        self.tell(request, tries, undecided=True)
                        return
                time.sleep(PAUSE_SECONDS)
            else:
                self.answered.append(request)
                self.tell(request, tries, entry=receipt.entry_id.hex, replay=receipt.is_replay)
                return

    def tell(self, request: Request, tries: int, **answer: object) -> None:
        """One whole line, at once."""
        line = {"at": time.monotonic(), "key": request.key, "tries": tries, **answer}
        line |= {"minor": request.minor}
        os.write(self.log, f"{json.dumps(line)}\n".encode())


def accounts() -> list[str]:
    """Their codes, the hot ones first."""
    return [f"faults.{number}" for number in range(ACCOUNTS)]


def main(schema: str, id: str, seed: str, log: str) -> None:
    """Open the accounts and fund them, post until told to stop, audit."""
    tenant = Tenant(
        id=UUID(id),
        schema_name=schema,
        slug="faults",
        name="Faults",
        functional_currency="KES",
        zone="Africa/Nairobi",
    )
    descriptor = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    with inside(tenant):
        fund()
    stop = threading.Event()
    clients = [Client(number, int(seed), descriptor) for number in range(CLIENTS)]

    def live(client: Client) -> None:
        with inside(tenant):
            client.live(stop)

    threads = [threading.Thread(target=live, args=(client,)) for client in clients]
    for thread in threads:
        thread.start()
    print("ready", flush=True)
    sys.stdin.readline()
    stop.set()
    for thread in threads:
        thread.join()
    connection.close()
    with inside(tenant):
        audit = audit_books(with_providers=False)
    print(json.dumps([str(violation) for violation in audit.violations]), flush=True)


def fund() -> None:
    """Every account begins with as much and may not give more than it has."""
    facts: dict[str, Any] = {"account_class": "liability", "currency": "KES", "actor": SYSTEM}
    open_account(code="faults.source", name="Source", **{**facts, "account_class": "asset"})
    for name in accounts():
        open_account(code=name, name=name, floor_minor=0, **facts)
        made = draft(debit("faults.source", kes(FUNDS)), credit(name, kes(FUNDS)))
        post_entry(draft=made, idempotency_key=f"funds.{name}", actor=SYSTEM)


if __name__ == "__main__":
    main(*sys.argv[1:])
