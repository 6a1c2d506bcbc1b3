"""Deliveries, with all that is known of each."""

from __future__ import annotations

from uuid import UUID

from django.db.models import Q, QuerySet

from apps.webhooks.domain import (
    AttemptRow,
    DeliveryFilter,
    DeliveryRow,
    DeliveryState,
    DeliveryView,
    Outcome,
)
from apps.webhooks.models import Attempt, Delivery

ATTEMPTS_MAX = 100


def deliveries_of(where: DeliveryFilter) -> QuerySet[Delivery]:
    """The present tenant's deliveries that the filter names, without their bodies.

    ``event_type`` is a type, or a name for all its versions.
    """
    meant = Q()
    if where.endpoint_id:
        meant &= Q(endpoint_id=where.endpoint_id)
    if where.state:
        meant &= Q(state=where.state)
    if where.event_type:
        name = where.event_type
        meant &= Q(event_type=name) | Q(event_type__startswith=f"{name}.v")
    if where.since:
        meant &= Q(created_at__gte=where.since)
    if where.until:
        meant &= Q(created_at__lt=where.until)
    rows = Delivery.objects.filter(meant).select_related("endpoint", "message")
    return rows.defer("message__body")


def delivery_row(row: Delivery) -> DeliveryRow:
    """The row as a frozen value."""
    return DeliveryRow(
        id=row.id,
        message_id=row.message_id,
        endpoint_id=row.endpoint_id,
        endpoint_url=row.endpoint.url,
        event_type=row.event_type,
        subject=row.message.subject,
        state=DeliveryState(row.state),
        attempts=row.attempts,
        last_status=row.last_status,
        last_problem=row.last_problem,
        created_at=row.created_at,
        next_try_at=row.next_try_at,
        finished_at=row.finished_at,
    )


def delivery(delivery_id: UUID) -> DeliveryView | None:
    """One delivery with its message and its attempts, or nothing."""
    row = Delivery.objects.select_related("endpoint", "message").filter(id=delivery_id).first()
    if row is None:
        return None
    tries = [_attempt(one) for one in row.requests.all()[:ATTEMPTS_MAX]]
    return DeliveryView(delivery=delivery_row(row), body=row.message.body, tries=tries)


def latest_deliveries(endpoint_id: UUID, limit: int = 20) -> list[DeliveryRow]:
    """The newest of one endpoint."""
    rows = deliveries_of(DeliveryFilter(endpoint_id=endpoint_id))
    return [delivery_row(row) for row in rows.order_by("-created_at", "-id")[:limit]]


def _attempt(row: Attempt) -> AttemptRow:
    return AttemptRow(
        number=row.number,
        outcome=Outcome(row.outcome),
        status=row.status,
        problem=row.problem,
        elapsed_ms=row.elapsed_ms,
        response_headers=row.response_headers,
        response_head=row.response_head,
        started_at=row.started_at,
    )
