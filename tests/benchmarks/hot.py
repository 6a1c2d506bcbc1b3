"""Many writers on one account, in each way an account can be kept."""

from __future__ import annotations

from random import Random
from time import perf_counter

from apps.ledger.domain import BalanceMode, EntryDraft
from apps.ledger.services import change_account_mode
from apps.ledger.services.modes import FOLD_MAX, fold_postings
from apps.platform.actors import SYSTEM
from tests.benchmarks.books import Books, Choose, draft, measure, tenant, use_case
from tests.benchmarks.crowd import Tally
from tests.benchmarks.figures import Report
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
    others = Books("hot.other", 500)
    report.title(f"post_entry, {WRITERS} writers on one account; ratios to synchronous")
    tallies: dict[str, Tally] = {}
    for number, (name, (mode, releases_early, _)) in enumerate(WAYS.items()):
        # A deferred account has no limits; the others have, so that shards are worth something.
        floor = None if mode == BalanceMode.DEFERRED else -(10**15)
        (code,) = Books(f"hot.{number}", 1, floor_minor=floor).codes
        change_account_mode(
            code=code,
            mode=mode,
            releases_early=releases_early,
            reason="benchmark",
            actor=SYSTEM,
        )
        way = use_case(_on(code, others))
        tallies[name] = measure(where, way, callers=WRITERS, seconds=scale.seconds)
        report.row(name, tallies[name], tallies["synchronous"])
    for name, (_, _, is_promised) in WAYS.items():
        if is_promised:
            ratio = tallies[name].rate / tallies["synchronous"].rate
            report.at_least(f"{name} to synchronous, {WRITERS} writers", ratio, 2.0)
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
