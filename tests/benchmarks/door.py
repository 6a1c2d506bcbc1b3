"""Many callers of the door, committed together, and the same each in its own transaction."""

from __future__ import annotations

from apps.identity.services import create_service_client, issue_api_key
from apps.platform.actors import SYSTEM
from apps.platform.ids import new_id
from tests.benchmarks.books import Books
from tests.benchmarks.crowd import Tally
from tests.benchmarks.figures import Report
from tests.benchmarks.programs import called, free_port, serving
from tests.benchmarks.scale import Scale

CALLERS = 64
GRANIAN = ("granian", "--interface", "asgi", "--workers", "1")
WAYS = {
    "each in its own transaction": "tests.benchmarks.alone:application",
    "committed together": "config.asgi:application",
}
#: Accounts -> how many times faster than each by itself.
GOALS = {"random accounts": 3.0, "two hot accounts": 4.0}


def run(report: Report, scale: Scale) -> None:
    """Both ways, on random accounts and on two hot ones."""
    client = create_service_client(name="callers", scopes=["ledger:write"], actor=SYSTEM)
    key = issue_api_key(client=client.id, name="key", actor=SYSTEM).key
    books = Books(f"door.{new_id()}", 2000)
    chosen = {"random accounts": books.codes, "two hot accounts": books.codes[:2]}
    tallies: dict[tuple[str, str], Tally] = {}
    for way, application in WAYS.items():
        port = free_port()
        with serving([*GRANIAN, application], port) as server:
            for accounts, codes in chosen.items():
                asked = {
                    "kind": "door",
                    "url": f"http://127.0.0.1:{port}",
                    "key": key,
                    "callers": CALLERS,
                    "seconds": max(scale.seconds, 3.0),
                    "codes": codes,
                }
                tallies[accounts, way] = called(asked, server)
    for accounts, bound in GOALS.items():
        alone, together = (tallies[accounts, way] for way in WAYS)
        report.title(f"{CALLERS} callers of the door, {accounts}; client: callers and door")
        for way in WAYS:
            report.row(way, tallies[accounts, way], alone)
        report.at_least(
            f"door: {CALLERS} callers together to each alone, {accounts}",
            together.rate / alone.rate,
            bound,
        )
        report.at_most(
            f"door: p99 of together to that of each alone, {accounts}",
            together.p99_ms / alone.p99_ms,
            1.0,
        )
