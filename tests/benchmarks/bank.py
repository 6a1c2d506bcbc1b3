"""Bank files of 100,000 payments or entries, against lxml's own parse of the same bytes.

Needs no database: ``python -m tests.benchmarks.bank`` runs it alone.
"""

from __future__ import annotations

import io
import tracemalloc
from collections import deque
from collections.abc import Callable
from time import process_time

from lxml import etree

from apps.payments.connectors.bank import camt, pain001
from apps.payments.domain.bank_statements import Footer, Proof
from tests.benchmarks.figures import Report
from tests.benchmarks.scale import QUICK, Scale
from tests.payments.connectors.bank.files import (
    batch_of,
    camt_entry,
    camt_head,
    camt_tail,
    transfers,
)

COUNT = 100_000
MEMORY_MB = 10  # beyond the file itself, which the benchmark holds
MEASURED = 20_000  # entries while memory is traced, which is slow


def run(report: Report, scale: Scale) -> None:
    """Times are of the CPU, the best of two: a busy machine stretches them less."""
    report.say(f"bank files of {COUNT:,}")
    write = _payments(COUNT)
    _tell(report, "pain.001 written", _best(write), write())
    statement = _statement(COUNT)
    _tell(report, "camt.053 read", _best(_entries(statement, COUNT)), statement)
    read = _entries(_statement(MEASURED), MEASURED)
    tracemalloc.start()
    read()
    peak = tracemalloc.get_traced_memory()[1] / 1e6
    tracemalloc.stop()
    report.at_most("memory while a statement is read", peak, MEMORY_MB, " MB")


def _tell(report: Report, name: str, seconds: float, document: bytes) -> None:
    parse = _best(lambda: etree.parse(io.BytesIO(document)))
    report.say(
        f"{name}: {len(document) / 1e6:.0f} MB in {seconds:.2f} s, {COUNT / seconds:,.0f} a second;"
        f" lxml parses it in {parse:.2f} s: {seconds / parse:.1f}x"
    )


def _payments(count: int) -> Callable[[], bytes]:
    payments = list(transfers(count))
    batch = batch_of(payments)

    def write() -> bytes:
        out = io.BytesIO()
        pain001.write(out, batch, payments)
        return out.getvalue()

    return write


def _statement(count: int) -> bytes:
    entries = (camt_entry(at, "CRDT", "1.50", "08") for at in range(count))
    head = camt_head("053", "08", "0", str(count * 3 / 2))
    return "".join((head, *entries, camt_tail("053"))).encode()


def _entries(document: bytes, count: int) -> Callable[[], object]:
    def read() -> None:
        (last,) = deque(camt.read(io.BytesIO(document)), maxlen=1)
        assert isinstance(last, Footer)
        assert (last.count, last.proof) == (count, Proof.PROVED)

    return read


def _best(work: Callable[[], object]) -> float:
    times = []
    for _ in range(2):
        started = process_time()
        work()
        times.append(process_time() - started)
    return min(times)


if __name__ == "__main__":
    figures = Report()
    run(figures, QUICK)
    figures.close()
