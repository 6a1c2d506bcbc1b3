"""Posting, beside the raw limit of the database and the way an ORM would do it.

All contenders write durable transactions over one schema in one run. The raw limit inserts the same
rows into copies of the tables with the same indexes, and checks nothing: no keys claimed, no
balances, no limits, no guards. CPU is that of this process and of the connection's server process.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from random import Random
from typing import Any

from django.db import connection, transaction
from django.db.models import F

from apps.ledger.domain import EntryDraft, credit, debit
from apps.ledger.models import Account, AccountBalance, JournalEntry, Posting
from apps.ledger.selectors import books_violations
from apps.ledger.services import open_account, post_entries, post_entry
from apps.ledger.services.posting import Instruction, call_of
from apps.platform import clock
from apps.platform.actors import SYSTEM
from apps.platform.ids import new_id
from apps.platform.money import Money
from apps.tenancy.contexts import inside
from apps.tenancy.models import Tenant
from apps.tenancy.selectors import tenant_by_slug
from apps.tenancy.services import provision_tenant

ACCOUNTS = 500
SECONDS = 4.0
CLOCK_TICKS = 100  # a second, on every Linux we know
DAY = date(2026, 3, 2)
RAW = """
    WITH e AS (
        INSERT INTO bench_entry (tenant, id, kind, description, value_date, posted_at,
            idempotency_key, fingerprint, source_event, actor, metadata, digest)
        VALUES (%(tenant)s, %(id)s, 'bench', 'A sale', '2026-03-02', now(), %(key)s, %(hash)s, '',
                'bench', '{}', %(hash)s))
    INSERT INTO bench_posting (tenant, account_id, account_version, entry_id, leg, side,
        amount_minor, currency, balance_after_minor, value_date, posted_at)
    VALUES (%(tenant)s, %(one)s, %(version)s, %(id)s, 1, 'D', 5, 'KES', 5, '2026-03-02', now()),
           (%(tenant)s, %(other)s, %(version)s, %(id)s, 2, 'C', 5, 'KES', 5, '2026-03-02', now())
"""


@dataclass
class Figure:
    """Entries a second and CPU of client and server for each, in microseconds."""

    name: str
    rate: float
    client: float
    server: float

    def beside(self, base: Figure) -> str:
        return (
            f"{self.name:<44} {self.rate:>8,.0f}/s {self.client:>6.0f} {self.server:>6.0f} us"
            f"   {self.rate / base.rate:>6.2f}x  cpu {self.cpu / base.cpu:>5.2f}x"
        )

    @property
    def cpu(self) -> float:
        return self.client + self.server


class Bench:
    """Accounts to choose from, and the ways to post between two of them."""

    def __init__(self, tenant: Tenant) -> None:
        self.tenant = tenant
        self.random = Random(1)
        self.codes = [f"bench.{number}" for number in range(ACCOUNTS)]
        for code in self.codes:
            open_account(code=code, name=code, account_class="asset", currency="KES", actor=SYSTEM)
        self.ids = list(
            Account.objects.filter(code__startswith="bench.").values_list("id", flat=True)
        )
        self.version = 0
        with connection.cursor() as cursor:
            for copy, table in [("entry", "journal_entry"), ("posting", "posting")]:
                cursor.execute(
                    f"CREATE TABLE bench_{copy} (LIKE ledger_{table} INCLUDING DEFAULTS"
                    " INCLUDING INDEXES)"
                )
            cursor.execute(
                "ALTER TABLE bench_entry ALTER source_event SET DEFAULT '',"
                " ALTER actor SET DEFAULT 'bench', ALTER metadata SET DEFAULT '{}'"
            )

    def draft(self, one: str = "", other: str = "") -> EntryDraft:
        if not one:
            one, other = self.random.sample(self.codes, 2)
        legs = [debit(one, Money(5, "KES")), credit(other, Money(5, "KES"))]
        return EntryDraft(kind="bench", description="A sale", value_date=DAY, postings=legs)

    def raw(self) -> int:
        one, other = self.random.sample(self.ids, 2)
        self.version += 1
        id = new_id()
        facts: dict[str, Any] = {
            "tenant": self.tenant.id,
            "id": id,
            "key": str(id),
            "hash": id.bytes * 2,
            "one": one,
            "other": other,
            "version": self.version,
        }
        with connection.cursor() as cursor:
            cursor.execute(RAW, facts)
        return 1

    def function(self, one: str = "", other: str = "") -> int:
        return self.batch(1, one, other)

    def batch(self, size: int, one: str = "", other: str = "") -> int:
        drafts = [self.draft(one, other) for _ in range(size)]
        instructions = [
            Instruction(draft=draft, idempotency_key=str(new_id()), fingerprint=draft.fingerprint())
            for draft in drafts
        ]
        with connection.cursor() as cursor:
            cursor.execute(*call_of(instructions, SYSTEM))
            cursor.fetchall()
        return size

    def use_case(self) -> int:
        post_entry(draft=self.draft(), idempotency_key=str(new_id()), actor=SYSTEM)
        return 1

    def use_case_many(self, size: int) -> int:
        drafts = {str(new_id()): self.draft() for _ in range(size)}
        return len(post_entries(drafts=drafts, actor=SYSTEM))

    def orm(self) -> int:
        """What one would write first: rows read, changed and saved through the models."""
        draft = self.draft()
        with transaction.atomic():
            accounts = {
                account.code: account
                for account in Account.objects.filter(code__in=[p.account for p in draft.postings])
            }
            entry = JournalEntry.objects.create(
                kind=draft.kind,
                description=draft.description,
                value_date=DAY,
                posted_at=clock.now(),
                idempotency_key=str(new_id()),
                fingerprint=draft.fingerprint(),
                actor="bench",
                digest=b"",
            )
            postings = []
            for leg, posting in enumerate(draft.postings, start=1):
                account = accounts[posting.account]
                balance = AccountBalance.objects.select_for_update().get(account=account)
                column = f"{posting.side}s_minor"
                setattr(balance, column, F(column) + posting.amount.minor)
                balance.version = F("version") + 1
                balance.save()
                balance.refresh_from_db()
                postings.append(
                    Posting(
                        entry=entry,
                        account=account,
                        account_version=balance.version,
                        amount_minor=posting.amount.minor,
                        balance_after_minor=balance.debits_minor - balance.credits_minor,
                        posted_at=entry.posted_at,
                        value_date=DAY,
                        leg=leg,
                        side=posting.side.letter,
                        currency="KES",
                    )
                )
            Posting.objects.bulk_create(postings)
        return 1

    def copy(self, size: int) -> int:
        now = clock.now()
        entries: list[tuple[Any, ...]] = []
        legs: list[tuple[Any, ...]] = []
        for _ in range(size):
            id = new_id()
            self.version += 1
            key = id.bytes * 2
            entries.append((self.tenant.id, id, "bench", "A sale", DAY, now, str(id), key, key))
            for leg, (side, account) in enumerate(
                zip("DC", self.random.sample(self.ids, 2), strict=True), 1
            ):
                legs.append(
                    (self.tenant.id, account, self.version, id, leg, side, 5, "KES", 5, DAY, now)
                )
        with transaction.atomic(), connection.cursor() as cursor:
            columns = (
                "tenant, id, kind, description, value_date, posted_at, idempotency_key,"
                " fingerprint, digest"
            )
            with cursor.copy(f"COPY bench_entry ({columns}) FROM STDIN") as stream:
                for entry in entries:
                    stream.write_row(entry)
            columns = (
                "tenant, account_id, account_version, entry_id, leg, side, amount_minor, currency,"
                " balance_after_minor, value_date, posted_at"
            )
            with cursor.copy(f"COPY bench_posting ({columns}) FROM STDIN") as stream:
                for row in legs:
                    stream.write_row(row)
        return size


def measure(name: str, work: Callable[[], int], seconds: float = SECONDS) -> Figure:
    """Run the work on this connection until the time is up."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        pid = cursor.fetchone()[0]
    work()
    before, client, started = server_seconds(pid), time.process_time(), time.perf_counter()
    done = 0
    while time.perf_counter() - started < seconds:
        done += work()
    elapsed = time.perf_counter() - started
    return Figure(
        name,
        done / elapsed,
        (time.process_time() - client) / done * 1e6,
        (server_seconds(pid) - before) / done * 1e6,
    )


def server_seconds(pid: int) -> float:
    """CPU time of a server process, when it runs on this machine; else zero."""
    stat = Path(f"/proc/{pid}/stat")
    if not stat.exists():
        return 0.0
    fields = stat.read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / CLOCK_TICKS


def at_once(bench: Bench, callers: int, work: Callable[[], int]) -> float:
    """Entries a second of many callers, each on a thread and connection of its own."""

    def one(_: int) -> int:
        done = 0
        try:
            with inside(bench.tenant):
                while time.perf_counter() < until:
                    done += work()
        finally:
            connection.close()
        return done

    started = time.perf_counter()
    until = started + SECONDS
    with ThreadPoolExecutor(callers) as pool:
        done = sum(pool.map(one, range(callers)))
    return done / (time.perf_counter() - started)


def run() -> None:
    """Print the table."""
    provision_tenant(
        slug="bench", name="Bench", functional_currency="KES", domains=[], actor=SYSTEM
    )
    tenant = tenant_by_slug("bench")
    assert tenant is not None
    with inside(tenant):
        bench = Bench(tenant)
        with connection.cursor() as cursor:
            for name in ("server_version", "fsync", "synchronous_commit"):
                cursor.execute(f"SHOW {name}")
                print(f"{name} = {cursor.fetchone()[0]}")
        print_singles(bench)
        print_batches(bench)
        print_hot(bench)
        broken = [v for v in books_violations() if v.check not in BROKEN_BY_ORM]
        print(f"laws of the books broken: {len(broken)}")
        assert not broken, broken[:3]


#: The ORM's entries have no digest, no event and no daily sums, and the function called directly
#: leaves the event to its caller.
BROKEN_BY_ORM = {
    "ledger.entries_are_as_written",
    "ledger.entries_are_announced",
    "ledger.days_are_their_postings",
}


def print_singles(bench: Bench) -> None:
    raw = measure("raw INSERT of the same rows", bench.raw)
    print("\none entry of two legs for each transaction, one connection")
    print(f"{'':<44} {'entries':>10} {'client':>6} {'server':>6}      ratios to raw")
    print(raw.beside(raw))
    function = measure("ledger_post_entry_v1", bench.function)
    print(function.beside(raw))
    case = measure("post_entry, with event and audit record", bench.use_case)
    print(case.beside(raw))
    orm = measure("naive ORM posting, neither", bench.orm)
    print(orm.beside(raw))
    for ours in (function, case):
        ratio, cpu = ours.rate / orm.rate, orm.cpu / ours.cpu
        print(f"  {ours.name} to the ORM: {ratio:.1f}x, cpu {cpu:.1f}x less")


def print_batches(bench: Bench) -> None:
    print("\nmany entries for each transaction, one connection; ratios to one call each")
    single = measure("ledger_post_entry_v1, one by one", bench.function)
    print(single.beside(single))
    for size in (10, 100, 1000):
        figure = measure(f"ledger_post_entries_v1 of {size}", lambda: bench.batch(size))  # noqa: B023
        print(figure.beside(single))
    copy = measure("COPY of the same rows, 1000", lambda: bench.copy(1000))
    print(copy.beside(single))
    print(f"  1000 to COPY: {figure.rate / copy.rate:.2f}x, cpu {copy.cpu / figure.cpu:.2f}x")
    case = measure("post_entries of 100, with events", lambda: bench.use_case_many(100))
    print(case.beside(single))


def print_hot(bench: Bench) -> None:
    print("\nmany callers, one entry for each transaction (client threads share one interpreter)")
    for callers in (1, 4, 8):
        spread = at_once(bench, callers, bench.function)
        hot = at_once(bench, callers, lambda: bench.function(bench.codes[0], bench.codes[1]))
        ratio = f"{hot / spread:.2f}x"
        print(f"{callers:>3} callers: spread {spread:>7,.0f}/s  two hot {hot:>7,.0f}/s  {ratio}")
