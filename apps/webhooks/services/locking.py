"""Locks, in one order everywhere: the endpoint first, then its deliveries."""

from __future__ import annotations

from uuid import UUID

from apps.webhooks.domain import EndpointState
from apps.webhooks.errors import UnknownEndpoint
from apps.webhooks.models import Endpoint


def locked_endpoint(endpoint_id: UUID) -> Endpoint:
    """The endpoint's row, locked; ``UnknownEndpoint`` if there is none, or it was removed."""
    endpoint = (
        Endpoint.objects.select_for_update()
        .filter(id=endpoint_id)
        .exclude(state=EndpointState.REMOVED)
        .first()
    )
    if endpoint is None:
        raise UnknownEndpoint
    return endpoint
