"""One process of a crowd: threads that post, hold, reverse and change modes, and say what was done.

``python -m tests.ledger.crowd SCHEMA TENANT SEED THREADS OPERATIONS ACCOUNT…`` writes one line of
JSON for everything that was answered: what it moved and what it left held.
"""

# ruff: noqa: E402  Django is set up before its parts are imported

from __future__ import annotations

import json
import os
import random
import sys
import threading
from typing import Any
from uuid import UUID

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.test")
os.environ["LOG_LEVEL"] = "ERROR"

import django

django.setup()

from django.db import connection

from apps.ledger import errors
from apps.ledger.domain import (
    BalanceMode,
    CaptureDraft,
    HoldDraft,
    HoldReason,
    ReleaseDraft,
    credit,
    debit,
)
from apps.ledger.domain.reversals import ReversalPart
from apps.ledger.services import (
    capture_hold,
    change_account_mode,
    fold_postings,
    place_hold,
    post_entries,
    post_entry,
    release_hold,
    reverse_entry,
)
from apps.platform.actors import SYSTEM
from apps.platform.errors import Busy
from apps.platform.ids import new_id
from apps.tenancy.contexts import inside
from apps.tenancy.models import Tenant
from tests.ledger.conftest import draft, kes

#: What an account or its mode may refuse; anything else ends the process with an error.
MAY_REFUSE = (
    errors.InsufficientFunds,
    errors.AccountNotHoldable,
    errors.ModeNotPossible,
    errors.AlreadyReversed,
    errors.ReversalExceedsRemaining,
)
#: Of ten pairs of accounts, so many are the two that everybody wants.
HOT = 6


class Client:
    """One thread. What it was answered is what it tells, and nothing else."""

    def __init__(self, seed: int, accounts: list[str]) -> None:
        self.random = random.Random(seed)
        self.accounts = accounts
        self.entries: list[tuple[UUID, str, str, int]] = []
        self.holds: list[tuple[UUID, str, str, int]] = []

    def ask(self) -> None:
        """One thing, as often as it happens in life."""
        asks = [self.post] * 6 + [self.post_many, self.reverse, self.hold, self.end_hold]
        ask = self.random.choice([*asks, self.change_mode] if self.random.random() < 0.2 else asks)
        try:
            ask()
        except MAY_REFUSE:
            tell(refused=ask.__name__)
        except Busy:
            assert ask == self.change_mode, "a posting was told to come again"

    def pair(self) -> tuple[str, str]:
        """From one account to another; both directions, so that circles could form."""
        among = self.accounts[:2] if self.random.randrange(10) < HOT else self.accounts
        one, other = self.random.sample(among, 2)
        return one, other

    def post(self) -> None:
        """One entry."""
        (one, other), minor = self.pair(), self.random.randint(1, 50)
        made = draft(debit(one, kes(minor)), credit(other, kes(minor)))
        id = post_entry(draft=made, idempotency_key=str(new_id()), actor=SYSTEM).entry_id
        self.entries.append((id, one, other, minor))
        tell(moved=[[one, other, minor]])

    def post_many(self) -> None:
        """Three entries, all or none."""
        moves = [(*self.pair(), self.random.randint(1, 50)) for _ in range(3)]
        drafts = {
            str(new_id()): draft(debit(one, kes(minor)), credit(other, kes(minor)))
            for one, other, minor in moves
        }
        post_entries(drafts=drafts, actor=SYSTEM)
        tell(moved=moves)

    def reverse(self) -> None:
        """One unit of an entry of ours."""
        if self.entries:
            id, one, other, _ = self.random.choice(self.entries)
            reverse_entry(
                entry_id=id,
                reason="x",
                part=ReversalPart(amount=kes(1)),
                idempotency_key=str(new_id()),
                actor=SYSTEM,
            )
            tell(moved=[[other, one, 1]])

    def hold(self) -> None:
        """Some of the first account, for the second or another."""
        (one, other), minor = self.pair(), self.random.randint(2, 20)
        made = HoldDraft(
            reason=HoldReason.OTHER,
            description="Crowd",
            postings=[debit(one, kes(minor)), credit(other, kes(minor))],
        )
        id = place_hold(draft=made, idempotency_key=str(new_id()), actor=SYSTEM).hold_id
        self.holds.append((id, one, other, minor))
        tell(held=[[one, other, minor]])

    def end_hold(self) -> None:
        """Capture one unit of a hold of ours and let the rest go, or let all of it go."""
        if not self.holds:
            return
        id, one, other, minor = self.holds.pop()
        key = str(new_id())
        if self.random.random() < 0.5:
            made = CaptureDraft(amount=kes(1), is_final=True)
            capture_hold(hold_id=id, draft=made, idempotency_key=key, actor=SYSTEM)
            tell(held=[[one, other, -minor]], moved=[[one, other, 1]])
        else:
            release = ReleaseDraft(reason="x")
            release_hold(hold_id=id, draft=release, idempotency_key=key, actor=SYSTEM)
            tell(held=[[one, other, -minor]])

    def change_mode(self) -> None:
        """Keep an account another way, hot or not; and fold."""
        mode = self.random.choice(list(BalanceMode))
        code = self.random.choice(self.accounts)
        change_account_mode(code=code, mode=mode, reason="Crowd", actor=SYSTEM)
        fold_postings(actor=SYSTEM)
        tell(mode=str(mode))


def tell(**facts: Any) -> None:
    """One whole line, at once."""
    os.write(1, f"{json.dumps(facts)}\n".encode())


def main() -> int:
    """0 when every thread came to its end."""
    schema, tenant_id, seed, threads, operations, *accounts = sys.argv[1:]
    tenant = Tenant(
        id=UUID(tenant_id),
        schema_name=schema,
        slug="crowd",
        name="Crowd",
        functional_currency="KES",
    )
    failed: list[str] = []

    def run(number: int) -> None:
        client = Client(int(seed) * 1_000 + number, accounts)
        try:
            with inside(tenant):
                for _ in range(int(operations)):
                    client.ask()
        except BaseException as error:
            failed.append(repr(error))
            raise
        finally:
            connection.close()

    crowd = [threading.Thread(target=run, args=(number,)) for number in range(int(threads))]
    for one in crowd:
        one.start()
    for one in crowd:
        one.join()
    tell(failed=failed)
    return len(failed)


if __name__ == "__main__":
    raise SystemExit(main())
