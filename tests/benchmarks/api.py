"""Posting over REST, beside an endpoint that does nothing and beside the function without HTTP."""

from __future__ import annotations

from apps.identity.services import create_service_client, issue_api_key
from apps.platform.actors import SYSTEM
from apps.platform.ids import new_id
from tests.benchmarks.books import Books, function, measure, tenant
from tests.benchmarks.figures import Report
from tests.benchmarks.programs import called, free_port, serving
from tests.benchmarks.scale import Scale

CALLERS = 16
THREADS = 8
GRANIAN = ("granian", "--interface", "wsgi", "--workers", "2", "--blocking-threads", str(THREADS))
WAYS = {"an endpoint that does nothing": "nothing", "posting an entry": "post"}


def run(report: Report, scale: Scale) -> None:
    """The same server, the same callers, two addresses; then the posting function alone."""
    where = tenant()
    client = create_service_client(name=f"till {new_id()}", scopes=["ledger:write"], actor=SYSTEM)
    key = issue_api_key(client=client.id, name="key", actor=SYSTEM).key
    books = Books(f"api.{new_id()}", 2000)
    port = free_port()
    tallies = {}
    with serving([*GRANIAN, "tests.benchmarks.web:application"], port) as server:
        for name, kind in WAYS.items():
            asked = {
                "kind": kind,
                "url": f"http://127.0.0.1:{port}",
                "key": key,
                "callers": CALLERS,
                "seconds": max(scale.seconds, 3.0),
                "codes": books.codes,
            }
            tallies[name] = called(asked, server)
    bare = measure(where, function(books.draft), callers=CALLERS, seconds=scale.seconds)
    report.title(f"REST, {CALLERS} callers, 2 workers of {THREADS} threads; ratios to nothing")
    nothing, posting = tallies.values()
    for name, tally in tallies.items():
        report.row(name, tally, nothing)
    report.row("the posting function without HTTP", bare, nothing)
    report.at_least("posting over REST to an empty endpoint", posting.rate / nothing.rate, 0.25)
    report.at_least("posting over REST to the posting function", posting.rate / bare.rate, 0.5)
