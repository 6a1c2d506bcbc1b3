"""Figures about messaging that are read from the database when somebody asks for metrics."""

from __future__ import annotations

from collections.abc import Mapping

from psycopg import sql

from apps.platform import clock, metrics
from apps.platform.messaging import outbox
from apps.platform.messaging.figures import figures_of
from apps.platform.messaging.tenants import Place, ready_places
from apps.platform.metrics import Reading, by_tenant

#: Rows are counted up to here; beyond it the figure only says "very many".
COUNT_MAX = 10_000


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

    def count(place: Place) -> sql.Composable:
        return part.format(
            slug=sql.Literal(place.slug),
            table=sql.Identifier(place.schema, table),
            condition=sql.SQL(condition),
            most=sql.Literal(COUNT_MAX),
        )

    return figures_of(ready_places(), count)
