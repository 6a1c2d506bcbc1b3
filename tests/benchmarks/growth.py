"""What posting and reading cost when the books are large, to what they cost when they are small."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from random import Random
from statistics import median
from time import perf_counter

from django.db import connection

from apps.ledger.domain import EntryDraft
from apps.ledger.models import Account
from apps.ledger.selectors import account_balance, account_balance_as_of, trial_balance
from apps.ledger.selectors.as_of import sums_as_of
from apps.platform.ids import new_id
from apps.tenancy.models import Tenant
from tests.benchmarks.books import DAY, Books, Choose, Way, draft, function, measure, tenant
from tests.benchmarks.crowd import Tally
from tests.benchmarks.figures import Report
from tests.benchmarks.scale import Scale

#: Entries of one call while the books are filled.
FILL = 1000
CALLERS = 4
ACCOUNTS = 10_000
GROWTH_MAX = 1.3
AS_OF_MIN = 300.0
TRIAL_BALANCE_MS = 10.0
YEAR_DAYS = 365


def run(report: Report, scale: Scale) -> None:
    """Small books, large books, an account with a long history, and a trial balance."""
    where = tenant()
    books = Books(f"growth.{new_id()}", ACCOUNTS)
    tallies: list[tuple[Tally, Tally]] = []
    for size in (scale.growth_small, scale.growth_large):
        _fill(report, where, function(books.draft, FILL), size)
        report.title(f"books of {_entries():,} entries and {ACCOUNTS:,} accounts")
        posted = measure(where, function(books.draft), callers=CALLERS, seconds=scale.seconds)
        read = measure(where, _balance(books), seconds=scale.seconds)
        tallies.append((posted, read))
        report.row(f"posting function, {CALLERS} connections", posted, tallies[0][0])
        report.row("reading a balance", read, tallies[0][1])
    for number, what in enumerate(("journal", "balance read")):
        small, large = tallies[0][number], tallies[1][number]
        name = f"CPU of a {what}, large books to small"
        report.at_most(name, large.cpu_us / small.cpu_us, GROWTH_MAX)
    _trial_balance(report)
    _as_of(report, where, books, scale.deep_account)


def _fill(report: Report, where: Tenant, way: Way, size: int) -> None:
    """Post until there are so many entries, the way everybody does."""
    started = perf_counter()
    while (missing := size - _entries()) > 0:
        seconds = 10.0 if missing > 20 * FILL else 0.5
        measure(where, way, callers=2, seconds=seconds)
    report.say(f"filled to {size:,} entries in {perf_counter() - started:.0f} s")


def _entries() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM ledger_journal_entry")
        return int(cursor.fetchone()[0])


def _balance(books: Books) -> Way:
    def way(random: Random) -> Callable[[], int]:
        def work() -> int:
            account_balance(random.choice(books.codes))
            return 1

        return work

    return way


def _trial_balance(report: Report) -> None:
    milliseconds = _typical(lambda: trial_balance().is_balanced)
    report.say(f"{len(trial_balance().figures):,} accounts were posted to")
    report.at_most("trial balance of all accounts", milliseconds, TRIAL_BALANCE_MS, " ms")


def _as_of(report: Report, where: Tenant, books: Books, size: int) -> None:
    """An account whose history spans a year, asked about its middle."""
    (code,) = Books(f"deep.{new_id()}", 1).codes
    account = Account.objects.get(code=code)
    while (count := _postings(account)) < size:
        seconds = 10.0 if size - count > 20 * FILL else 0.5
        measure(where, function(_on(code, books), FILL), callers=1, seconds=seconds)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE ledger_posting")
    middle = DAY - timedelta(days=YEAR_DAYS // 2)
    kept = _typical(lambda: account_balance_as_of(code, middle))
    added = _typical(lambda: _sum(account, middle))
    report.say(
        f"as of a day, {_postings(account):,} postings: {kept:.2f} ms with an account to find, "
        f"SUM {added:.1f} ms"
    )
    sums = _typical(lambda: sums_as_of([account.id], middle, None))
    name = f"as-of read to SUM, account of {size:,} postings"
    report.at_least(name, added / sums, AS_OF_MIN)


def _on(code: str, books: Books) -> Choose:
    def choose(random: Random) -> EntryDraft:
        made = draft(code, random.choice(books.codes))
        day = DAY - timedelta(days=random.randrange(YEAR_DAYS))
        return EntryDraft(
            kind=made.kind,
            description=made.description,
            value_date=day,
            postings=made.postings,
        )

    return choose


def _postings(account: Account) -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT version FROM ledger_account_balance WHERE account_id = %s", [account.id]
        )
        return int(cursor.fetchone()[0])


def _sum(account: Account, day: date) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT side, sum(amount_minor) FROM ledger_posting"
            " WHERE account_id = %s AND value_date <= %s GROUP BY side",
            [account.id, day],
        )
        cursor.fetchall()


def _typical(read: Callable[[], object], times: int = 15) -> float:
    """The median time in milliseconds."""
    taken = []
    for _ in range(times):
        started = perf_counter()
        read()
        taken.append((perf_counter() - started) * 1000)
    return median(taken)
