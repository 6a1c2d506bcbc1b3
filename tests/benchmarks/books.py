"""The books that are measured: one tenant, its accounts, and the ways to post between them."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from random import Random
from uuid import UUID

from django.db import connection, connections

from apps.ledger.domain import EntryDraft, credit, debit
from apps.ledger.models import Account, AccountBalance
from apps.ledger.services import post_entries, post_entry
from apps.ledger.services.posting import Instruction, call_of
from apps.platform import clock
from apps.platform.actors import SYSTEM
from apps.platform.ids import new_id
from apps.platform.money import Money
from apps.platform.tenant import database
from apps.tenancy.contexts import on_platform
from apps.tenancy.models import Tenant
from apps.tenancy.selectors import tenant_by_slug
from apps.tenancy.services import provision_tenant
from tests.benchmarks.crowd import Hire, Tally, crowd

SLUG = "bench"
DAY = date(2026, 3, 2)
CURRENCY = "KES"


def tenant() -> Tenant:
    """The tenant of the benchmarks, made the first time."""
    with on_platform():
        if tenant_by_slug(SLUG) is None:
            provision_tenant(
                slug=SLUG, name="Bench", functional_currency=CURRENCY, domains=[], actor=SYSTEM
            )
        found = tenant_by_slug(SLUG)
    assert found is not None
    return found


@dataclass
class Books:
    """Accounts without limits, and with a floor where ``floor_minor`` says so."""

    prefix: str
    accounts: int
    floor_minor: int | None = -(10**15)
    codes: list[str] = field(init=False)

    def __post_init__(self) -> None:
        """Opened straight through the models: thousands of use cases would take minutes."""
        self.codes = [f"{self.prefix}.{number}" for number in range(self.accounts)]
        now = clock.now()
        opened = Account.objects.bulk_create(
            Account(code=code, name=code, account_class="asset", currency=CURRENCY, opened_at=now)
            for code in self.codes
        )
        AccountBalance.objects.bulk_create(
            AccountBalance(account=account, normal_sign=1, floor_minor=self.floor_minor)
            for account in opened
        )

    @cached_property
    def ids(self) -> list[UUID]:
        """The accounts' ids, in the order of ``codes``."""
        found = dict(Account.objects.filter(code__in=self.codes).values_list("code", "id"))
        return [found[code] for code in self.codes]

    def draft(self, random: Random) -> EntryDraft:
        """A sale between two accounts chosen at random."""
        return draft(*random.sample(self.codes, 2))


def draft(one: str, other: str) -> EntryDraft:
    """A sale of two legs."""
    legs = [debit(one, Money(5, CURRENCY)), credit(other, Money(5, CURRENCY))]
    return EntryDraft(kind="bench", description="A sale", value_date=DAY, postings=legs)


def instructions(drafts: list[EntryDraft]) -> list[Instruction]:
    """Each under a key of its own."""
    return [
        Instruction(draft=draft, idempotency_key=str(new_id()), fingerprint=draft.fingerprint())
        for draft in drafts
    ]


Choose = Callable[[Random], EntryDraft]
Way = Callable[[Random], Callable[[], int]]


def use_case(choose: Choose) -> Way:
    """The whole use case, as everybody calls it: with its event, its audit record, its log."""

    def way(random: Random) -> Callable[[], int]:
        def work() -> int:
            post_entry(draft=choose(random), idempotency_key=str(new_id()), actor=SYSTEM)
            return 1

        return work

    return way


def use_case_many(choose: Choose, size: int) -> Way:
    """Many entries in one call of the use case."""

    def way(random: Random) -> Callable[[], int]:
        def work() -> int:
            drafts = {str(new_id()): choose(random) for _ in range(size)}
            return len(post_entries(drafts=drafts, actor=SYSTEM))

        return work

    return way


def function(choose: Choose, size: int = 1) -> Way:
    """The posting function and what it cannot do without, prepared, in a transaction of its own."""

    def way(random: Random) -> Callable[[], int]:
        def work() -> int:
            call = call_of(instructions([choose(random) for _ in range(size)]), SYSTEM)
            return len(database.execute_prepared(*call).fetchall())

        return work

    return way


def measure(
    where: Tenant, way: Way, *, callers: int = 1, seconds: float, processes_max: int = 4
) -> Tally:
    """Let ``callers`` work that way, each with a connection of its own."""
    connections["default"].close_pool()  # type: ignore[attr-defined]  # no thread outlives a fork
    return crowd(_hire(where, way), callers, seconds, processes_max)


def _hire(where: Tenant, way: Way) -> Hire:
    seed = os.urandom(8).hex()

    def hire(number: int) -> tuple[Callable[[], int], int]:
        database.set_tenant(where)
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_backend_pid()")
            server = int(cursor.fetchone()[0])
        return way(Random(f"{seed}{number}")), server

    return hire
