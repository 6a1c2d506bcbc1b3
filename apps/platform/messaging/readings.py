"""Figures about messaging that are read from the database when somebody asks for metrics."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from django.db import connection
from psycopg import sql

from apps.platform import clock, metrics
from apps.platform.messaging import outbox
from apps.platform.messaging.tenants import Place, ready_places
from apps.platform.metrics import Reading, by_tenant

#: Rows are counted up to here; beyond it the figure only says "very many".
COUNT_MAX = 10_000
_SCHEMAS_MAX = 200


def register() -> None:
    """Called when the program starts."""
    metrics.measure(
        Reading(
            "house_event_lag_seconds",
            "Age of the oldest event that waits in any outbox.",
            lambda: {"": event_lag_seconds()},
        )
    )
    metrics.measure(
        Reading(
            "house_outbox_unpublished",
            f"Events that wait in a tenant's outbox, counted up to {COUNT_MAX}.",
            lambda: by_tenant(_counts(outbox.OUTBOX_TABLE, "published_at IS NULL")),
            label="tenant",
        )
    )
    metrics.measure(
        Reading(
            "house_dead_letters",
            f"Events set aside that nobody has replayed, counted up to {COUNT_MAX}.",
            lambda: by_tenant(_counts("platform_dead_letter", "replayed_at IS NULL")),
            label="tenant",
        )
    )


def event_lag_seconds() -> float:
    """Age of the oldest unpublished event of all; zero when none waits."""
    waiting = outbox.oldest_unpublished(ready_places())
    if not waiting:
        return 0.0
    return max(0.0, (clock.now() - min(waiting.values())).total_seconds())


def _counts(table: str, condition: str) -> Mapping[str, float]:
    part = sql.SQL(
        "SELECT {slug}, count(*)"
        " FROM (SELECT FROM {table} WHERE {condition} LIMIT {most}) AS waiting"
    )

    def count(places: Sequence[Place]) -> dict[str, float]:
        parts = [
            part.format(
                slug=sql.Literal(place.slug),
                table=sql.Identifier(place.schema, table),
                condition=sql.SQL(condition),
                most=sql.Literal(COUNT_MAX),
            )
            for place in places
        ]
        with connection.cursor() as cursor:
            cursor.execute(sql.SQL(" UNION ALL ").join(parts).as_string(cursor.connection))
            return {slug: float(number) for slug, number in cursor.fetchall() if number}

    return _in_parts(ready_places(), count)


def _in_parts(
    places: Sequence[Place], count: Callable[[Sequence[Place]], dict[str, float]]
) -> dict[str, float]:
    found: dict[str, float] = {}
    for start in range(0, len(places), _SCHEMAS_MAX):
        found.update(count(places[start : start + _SCHEMAS_MAX]))
    return found
