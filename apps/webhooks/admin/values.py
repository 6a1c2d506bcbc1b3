"""How deliveries look in tables."""

from __future__ import annotations

from uuid import UUID

from django.urls import reverse

from apps.console.values import Ref, Status, Value
from apps.platform.ids import public_id
from apps.webhooks.domain import DeliveryRow, DeliveryState


def delivery_url(delivery_id: UUID) -> str:
    """The delivery's own page."""
    return reverse("console:webhooks_delivery", args=[public_id("whd", delivery_id)])


def delivery_pill(state: str) -> Status:
    """What was given up wants somebody to look."""
    return Status(state, tone="bad" if state == DeliveryState.GIVEN_UP else None)


def answer(status: int | None, problem: str) -> str:
    """The last answer in a few words: a status, or why there is none."""
    return " ".join(part for part in (str(status or ""), problem) if part)


def delivery_cells(row: DeliveryRow) -> list[Value]:
    """What, about what, how it stands."""
    return [
        Ref(row.event_type),
        Ref(row.subject),
        delivery_pill(row.state),
        row.attempts,
        answer(row.last_status, row.last_problem) or None,
        row.created_at,
    ]
