"""What waits, read when somebody asks for metrics."""

from __future__ import annotations

from collections.abc import Mapping

from psycopg import sql

from apps.platform import metrics
from apps.platform.messaging.figures import figures_of_tenants
from apps.platform.messaging.tenants import Place
from apps.platform.metrics import Reading, by_tenant

_OLDEST_DUE = """
    SELECT {slug}, (
        SELECT coalesce(extract(epoch FROM clock_timestamp() - min(d.next_try_at)), 0)
          FROM {delivery} d
          JOIN {endpoint} e ON e.id = d.endpoint_id
         WHERE d.state IN ('pending', 'sending') AND d.next_try_at < clock_timestamp()
           AND e.state = 'active' AND coalesce(e.resting_until < clock_timestamp(), true))
"""


def register() -> None:
    """Called when the program starts."""
    metrics.measure(
        Reading(
            "house_webhook_oldest_due_seconds",
            "How long the oldest due delivery has waited for an endpoint that could be called.",
            lambda: by_tenant(oldest_due_seconds()),
            label="tenant",
        )
    )


def oldest_due_seconds() -> Mapping[str, float]:
    """By slug; tenants where nothing is late are left out."""
    return figures_of_tenants(_oldest_due)


def _oldest_due(place: Place) -> sql.Composable:
    return sql.SQL(_OLDEST_DUE).format(
        slug=sql.Literal(place.slug),
        delivery=sql.Identifier(place.schema, "webhooks_delivery"),
        endpoint=sql.Identifier(place.schema, "webhooks_endpoint"),
    )
