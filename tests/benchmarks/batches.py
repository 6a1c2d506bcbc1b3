"""Many entries in one call."""

from __future__ import annotations

from tests.benchmarks import raw
from tests.benchmarks.books import Books, function, measure, tenant, use_case, use_case_many
from tests.benchmarks.figures import Report
from tests.benchmarks.scale import Scale

#: Entries of a call -> how many times faster than as many calls.
GOALS = {100: 6.0, 1000: 8.0}


def run(report: Report, scale: Scale) -> None:
    """Batches on one connection, beside single calls and beside COPY."""
    where = tenant()
    books = Books("batch", 2000)
    raw.make_copies()
    report.title("batches, random accounts, one connection; ratios to one call each")
    single = measure(where, function(books.draft), seconds=scale.seconds)
    report.row("one by one", single, single)
    batches = {}
    for size in (10, *GOALS):
        way = function(books.draft, size)
        batches[size] = measure(where, way, seconds=scale.seconds)
        report.row(f"{size} in each call", batches[size], single)
    copy = measure(where, raw.copies(where.id, books.ids, 1000), seconds=scale.seconds)
    report.row("COPY of the same rows, 1,000 in each transaction", copy, single)
    for size, bound in GOALS.items():
        ratio = batches[size].rate / single.rate
        report.at_least(f"one call of {size} to {size} calls", ratio, bound)
    report.at_least("batches of 1,000 to COPY, by CPU", copy.cpu_us / batches[1000].cpu_us, 0.4)

    report.title("the same through the use case, with its audit record")
    single = measure(where, use_case(books.draft), seconds=scale.seconds)
    report.row("post_entry, one by one", single, single)
    for size in GOALS:
        many = measure(where, use_case_many(books.draft, size), seconds=scale.seconds)
        report.row(f"post_entries of {size}", many, single)
