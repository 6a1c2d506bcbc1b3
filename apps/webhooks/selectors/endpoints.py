"""Endpoints, never with a secret."""

from __future__ import annotations

from uuid import UUID

from django.db.models import QuerySet

from apps.webhooks.domain import OPEN_DELIVERIES, EndpointRow, EndpointState, SecretRow
from apps.webhooks.models import Delivery, Endpoint


def endpoints_with_secrets() -> QuerySet[Endpoint]:
    """The present tenant's endpoints but for those removed, each with the ages of its secrets."""
    rows = Endpoint.objects.exclude(state=EndpointState.REMOVED)
    return rows.prefetch_related("secrets")


def endpoint_row(row: Endpoint) -> EndpointRow:
    """The row as a frozen value."""
    return EndpointRow(
        id=row.id,
        url=row.url,
        description=row.description,
        patterns=tuple(row.patterns),
        state=EndpointState(row.state),
        state_reason=row.state_reason,
        rate_per_minute=row.rate_per_minute,
        failing_since=row.failing_since,
        resting_until=row.resting_until,
        created_at=row.created_at,
        created_by=row.created_by,
        secrets=tuple(SecretRow(one.created_at, one.expires_at) for one in row.secrets.all()),
    )


def endpoint(endpoint_id: UUID) -> EndpointRow | None:
    """One endpoint, removed ones included: their deliveries point at them."""
    row = Endpoint.objects.prefetch_related("secrets").filter(id=endpoint_id).first()
    return endpoint_row(row) if row else None


def waiting_for(endpoint_id: UUID) -> int:
    """How many deliveries wait for the endpoint."""
    return Delivery.objects.filter(endpoint_id=endpoint_id, state__in=OPEN_DELIVERIES).count()


def disabled_endpoints() -> list[EndpointRow]:
    """Endpoints that were disabled, for the alert."""
    rows = endpoints_with_secrets().filter(state=EndpointState.DISABLED)
    return [endpoint_row(row) for row in rows]
