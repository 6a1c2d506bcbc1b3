"""Many writers on one account, in each way an account can be kept."""

from __future__ import annotations

from random import Random
from time import perf_counter

from apps.ledger.domain import BalanceMode, EntryDraft
from apps.ledger.services import change_account_mode
from apps.ledger.services.modes import FOLD_MAX, fold_postings
from apps.platform.actors import SYSTEM
from apps.platform.ids import new_id
from tests.benchmarks.books import Books, Choose, draft, measure, tenant, use_case
from tests.benchmarks.crowd import Tally
from tests.benchmarks.figures import Report
from tests.benchmarks.pgbench import pgbench, posting
from tests.benchmarks.scale import Scale

WRITERS = 16
#: Way -> mode, released early, whether it is promised to be twice as fast.
WAYS = {
    "synchronous": (BalanceMode.SYNCHRONOUS, False, False),
    "synchronous, released early": (BalanceMode.SYNCHRONOUS, True, True),
    "sharded": (BalanceMode.SHARDED, False, True),
    "sharded, released early": (BalanceMode.SHARDED, True, False),
    "deferred": (BalanceMode.DEFERRED, False, True),
}


def run(report: Report, scale: Scale) -> None:
    """The same postings on a hot account, way by way; the other side is a random account."""
    where = tenant()
    others = Books(f"hot.{new_id()}", 500)
    report.title(
        f"{WRITERS} writers on one account, the posting function by pgbench; ratios to synchronous"
    )
    tallies: dict[str, Tally] = {}
    codes: dict[str, str] = {}
    for name, (mode, releases_early, _) in WAYS.items():
        # A deferred account has no limits; the others have, so that shards are worth something.
        floor = None if mode == BalanceMode.DEFERRED else -(10**15)
        (code,) = Books(f"hot.{new_id()}", 1, floor_minor=floor).codes
        change_account_mode(
            code=code,
            mode=mode,
            releases_early=releases_early,
            reason="benchmark",
            actor=SYSTEM,
        )
        other = f"'{others.prefix}.' || :b::int"
        is_plain = mode == BalanceMode.SYNCHRONOUS
        script = posting(f"'{code}'", other, flushes=releases_early, is_plain=is_plain)
        tallies[name], waits = pgbench(script, others, WRITERS, scale.seconds)
        report.row(name, tallies[name], tallies["synchronous"])
        report.say(f"found at work: {', '.join(f'{name} {n}' for name, n in waits.most_common(4))}")
        codes[name] = code
    for name, (_, _, is_promised) in WAYS.items():
        if is_promised:
            ratio = tallies[name].rate / tallies["synchronous"].rate
            report.at_least(f"{name} to synchronous, {WRITERS} writers", ratio, 2.0)
    report.title("the same through post_entry, callers in Python; ratios to synchronous")
    for name, code in codes.items():
        tally = measure(where, use_case(_on(code, others)), callers=WRITERS, seconds=scale.seconds)
        tallies[f"use case, {name}"] = tally
        report.row(name, tally, tallies["use case, synchronous"])
    _fold(report)


def _on(code: str, others: Books) -> Choose:
    def choose(random: Random) -> EntryDraft:
        return draft(code, random.choice(others.codes))

    return choose


def _fold(report: Report) -> None:
    """What the fold takes for each posting that was left to it."""
    started, folded = perf_counter(), 0
    while some := fold_postings(actor=SYSTEM, limit=FOLD_MAX):
        folded += some
    seconds = perf_counter() - started
    if folded:
        each = seconds / folded * 1e6
        report.say(f"folding {folded:,} postings: {folded / seconds:,.0f}/s, {each:.0f} us each")
