"""One entry for each transaction: ours, the peers, and the limit of the database."""

from __future__ import annotations

from tests.benchmarks import raw
from tests.benchmarks.books import Books, function, measure, tenant, use_case
from tests.benchmarks.contenders import peer
from tests.benchmarks.figures import Report
from tests.benchmarks.pgbench import pgbench, posting, unguarded
from tests.benchmarks.pgbench import rows as raw_rows
from tests.benchmarks.scale import Scale

CALLERS = (1, 4, 16)
PEERS = {"django-hordak": ("hordak_posting", 4.0), "django-ledger": ("django_ledger_posting", 20.0)}


def run(report: Report, scale: Scale) -> None:
    """Single posting on random accounts with 1, 4 and 16 connections."""
    where = tenant()
    books = Books("single", 2000)
    raw.make_copies()
    peers = {name: peer(program, CALLERS, scale.seconds) for name, (program, _) in PEERS.items()}
    for callers in CALLERS:
        report.title(f"single posting, random accounts, {callers} connections; ratios to raw")
        rows, case, plain = (
            measure(where, way, callers=callers, seconds=scale.seconds)
            for way in (
                raw.inserts(where.id, books.ids),
                use_case(books.draft),
                function(books.draft),
            )
        )
        report.row("raw INSERT of the same rows", rows, rows)
        report.row("ledger_post_entry, called from Django", plain, rows)
        report.row("post_entry, with its audit record", case, rows)
        for name, figures in peers.items():
            report.row(f"{name}: no idempotency, limits, events", figures[callers], rows)
        for name, (_, bound) in PEERS.items():
            ratio = case.rate / peers[name][callers].rate
            report.at_least(f"post_entry to {name}, {callers} connections", ratio, bound)
    _server_alone(report, books, scale.seconds)


def _server_alone(report: Report, books: Books, seconds: float) -> None:
    """The function beside the raw rows, and what it is without its guards: by a client in C."""
    callers = CALLERS[-1]
    report.title(f"the same by pgbench, {callers} connections: the server alone; ratios to raw")
    first, second = (f"'{books.prefix}.' || :{name}::int" for name in "ab")
    script = posting(first, second)
    rows, _ = pgbench(raw_rows(books.ids), books, callers, seconds)
    alone, _ = pgbench(raw_rows(books.ids, is_journal_alone=True), books, callers, seconds)
    full, waits = pgbench(script, books, callers, seconds)
    with unguarded():
        lean, _ = pgbench(script, books, callers, seconds)
    report.row("raw INSERT of the same rows", rows, rows)
    report.row("raw: the entry, its legs and its event alone", alone, rows)
    report.row("ledger_post_entry", full, rows)
    report.row("lean: without the triggers of the guards", lean, rows)
    report.say(f"found at work: {', '.join(f'{name} {n}' for name, n in waits.most_common(4))}")
    for name, other in (("all rows", rows), ("the journal's alone", alone)):
        full_cpu, lean_cpu = other.cpu_us / full.cpu_us, other.cpu_us / lean.cpu_us
        report.say(f"to {name} by CPU {full_cpu:.2f}, lean {lean_cpu:.2f}")
    name = f"posting function to raw INSERT, {callers} connections, by rate"
    report.at_least(name, full.rate / rows.rate, 0.7)
