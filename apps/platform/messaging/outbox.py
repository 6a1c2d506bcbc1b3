"""Reading the outboxes of all tenants: cheaply when idle, in order when not.

Publication is marked row by row. A cursor over ids would lose events: ids are taken before the
transaction commits, so a late commit appears behind the cursor (measured: 26 % lost).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from itertools import islice, zip_longest
from operator import attrgetter
from typing import Any, NamedTuple
from uuid import UUID

import structlog
from django.db import ProgrammingError
from psycopg import sql

from apps.platform import clock
from apps.platform.messaging.tenants import Place
from apps.platform.tenant import database

logger = structlog.get_logger("house.relay")

#: Rows of one claim, and of them those of one aggregate.
CLAIM_MAX = 2000
CLAIM_OF_AGGREGATE_MAX = 50
#: Rows of one page of what is published again.
PAGE_MAX = 500
OUTBOX_TABLE = "platform_outbox_message"
#: Schemas one probing statement looks into.
_PROBE_MAX = 200


def oldest_unpublished(places: Sequence[Place]) -> dict[str, datetime]:
    """By slug, when the oldest event was recorded that waits there; idle places are left out.

    One statement for many schemas; each part of it reads the first entry of a small partial index.
    """
    found: dict[str, datetime] = {}
    for some in _chunks(places, _PROBE_MAX):
        try:
            found.update(_probe(some))
        except ProgrammingError:  # a schema went away since the list was made
            for place in some:
                found.update(_probe_alone(place))
    return found


def _probe(places: Sequence[Place]) -> dict[str, datetime]:
    part = sql.SQL(
        "SELECT {slug}, (SELECT recorded_at FROM {table} WHERE published_at IS NULL"
        " ORDER BY recorded_at LIMIT 1)"
    )
    parts = [
        part.format(
            slug=sql.Literal(place.slug),
            table=sql.Identifier(place.schema, OUTBOX_TABLE),
        )
        for place in places
    ]
    rows = _run(sql.SQL(" UNION ALL ").join(parts), None).fetchall()
    return {slug: oldest for slug, oldest in rows if oldest is not None}


def _probe_alone(place: Place) -> dict[str, datetime]:
    try:
        return _probe([place])
    except ProgrammingError:
        logger.warning("outbox.unreadable", tenant=place.slug, exc_info=True)
        return {}


class Waiting(NamedTuple):
    """A row of an outbox as it is published; ``payload`` is JSON text as the database wrote it."""

    id: UUID
    name: str
    version: int
    aggregate: str
    sequence: int
    payload: str
    traceparent: str
    correlation: str
    recorded_at: datetime


# Only an aggregate's first unpublished row is locked, and whoever holds it owns the aggregate:
# another relay sees the later rows behind an unpublished one and leaves them alone. So the order of
# an aggregate holds with any number of relays. Sequences have no gaps, therefore looking at the one
# before is enough. Rows are fetched aggregate by aggregate, by the index: as a join, and expecting
# ever a full claim, the planner would read the whole table for a single event.
_CLAIM = """
    WITH head AS MATERIALIZED (
        SELECT m.aggregate, m.sequence, m.recorded_at FROM {table} m
         WHERE m.published_at IS NULL
           AND NOT EXISTS (SELECT FROM {table} b
                            WHERE b.aggregate = m.aggregate AND b.sequence = m.sequence - 1
                              AND b.published_at IS NULL)
         ORDER BY m.recorded_at LIMIT %(most)s FOR UPDATE OF m SKIP LOCKED)
    SELECT n.id, n.name, n.version, n.aggregate, n.sequence, n.payload::text, n.traceparent,
           n.correlation, n.recorded_at
      FROM head h
     CROSS JOIN LATERAL (
           SELECT * FROM {table} o
            WHERE o.aggregate = h.aggregate AND o.published_at IS NULL
              AND o.sequence BETWEEN h.sequence AND h.sequence + %(most_of_aggregate)s - 1
           OFFSET 0) n
     ORDER BY n.sequence - h.sequence, h.recorded_at LIMIT %(most)s
"""
_MARK = "UPDATE {table} SET published_at = %s WHERE id = ANY (%s)"


def claim(place: Place) -> list[Waiting]:
    """Lock what may be published next in the place's books, in order of each aggregate.

    For use in a transaction.
    """
    about = {"most": CLAIM_MAX, "most_of_aggregate": CLAIM_OF_AGGREGATE_MAX}
    return [Waiting(*row) for row in _run(_of(place, _CLAIM), about).fetchall()]


def mark_published(place: Place, ids: Sequence[UUID]) -> None:
    """JetStream has confirmed these."""
    _run(_of(place, _MARK), [clock.now(), list(ids)])


def published(place: Place, since: datetime) -> Iterator[list[Waiting]]:
    """What was published already and recorded since then, oldest first, some at a time."""
    last: tuple[datetime, int, UUID] = (since, -1, UUID(int=0))
    query = _of(place, _PUBLISHED)
    while rows := [Waiting(*row) for row in _run(query, [*last, PAGE_MAX]).fetchall()]:
        yield rows
        last = (rows[-1].recorded_at, rows[-1].sequence, rows[-1].id)


_PUBLISHED = """
    SELECT id, name, version, aggregate, sequence, payload::text, traceparent, correlation,
           recorded_at
      FROM {table}
     WHERE published_at IS NOT NULL AND (recorded_at, sequence, id) > (%s, %s, %s)
     ORDER BY recorded_at, sequence, id LIMIT %s
"""


def waves(messages: Iterable[Waiting]) -> Iterator[list[Waiting]]:
    """Groups to publish one after the other, each with at most one row of any aggregate."""
    queues: dict[str, list[Waiting]] = {}
    for message in sorted(messages, key=attrgetter("sequence")):
        queues.setdefault(message.aggregate, []).append(message)
    for wave in zip_longest(*queues.values()):
        yield [message for message in wave if message is not None]


def _of(place: Place, query: str) -> sql.Composed:
    """The query about the place's outbox, wherever the session looks."""
    table = sql.Identifier(place.schema, OUTBOX_TABLE)
    return sql.SQL(query).format(table=table)


def _run(query: sql.Composed, about: Any) -> Any:
    """Prepared, because planning takes longer than running it (looking into 300 schemas: 3 ms)."""
    return database.execute_anywhere(query, about)


def _chunks(places: Sequence[Place], size: int) -> Iterator[list[Place]]:
    rest = iter(places)
    while chunk := list(islice(rest, size)):
        yield chunk
