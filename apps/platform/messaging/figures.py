"""One figure of each tenant, asked of the database in few statements."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from django.db import connection
from psycopg import sql

from apps.platform.messaging.tenants import Place, ready_places

#: So many tenants are asked about in one statement.
_PLACES_MAX = 100


def figures_of(
    places: Sequence[Place], part: Callable[[Place], sql.Composable]
) -> dict[str, float]:
    """By slug, without those that are zero or unknown. ``part`` selects the slug and the figure."""
    found: dict[str, float] = {}
    for start in range(0, len(places), _PLACES_MAX):
        parts = [part(place) for place in places[start : start + _PLACES_MAX]]
        with connection.cursor() as cursor:
            cursor.execute(sql.SQL(" UNION ALL ").join(parts).as_string(cursor.connection))
            found |= {slug: float(figure) for slug, figure in cursor.fetchall() if figure}
    return found


def figures_of_tenants(part: Callable[[Place], sql.Composable]) -> dict[str, float]:
    """Of each tenant that is served; the platform itself has no books."""
    return figures_of([place for place in ready_places() if place.slug != "platform"], part)
