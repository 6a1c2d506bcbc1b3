"""Reading refunds."""

from __future__ import annotations

from uuid import UUID

from django.db.models import QuerySet

from apps.payments.domain.refunds import RefundRow, RefundStatus
from apps.payments.errors.operations import UnknownRefund
from apps.payments.models import Refund
from apps.platform.ids import public_id
from apps.platform.money import Money

QUEUE_MAX = 200


def refunds(*, intent_id: UUID | None = None, status: str = "") -> QuerySet[Refund]:
    """Refunds, to be paged by this app's own entry points."""
    found = Refund.objects.select_related("intent", "attempt")
    if intent_id is not None:
        found = found.filter(intent_id=intent_id)
    return found.filter(status=status) if status else found


def refund(refund_id: UUID) -> RefundRow:
    """One refund, or ``UnknownRefund``."""
    found = refunds().filter(id=refund_id).first()
    if found is None:
        raise UnknownRefund(refund=public_id("rf", refund_id))
    return refund_row(found)


def waiting_refunds() -> list[RefundRow]:
    """Those that wait for a second person, the oldest first."""
    found = refunds(status=RefundStatus.AWAITING_APPROVAL).order_by("asked_at", "id")
    return [refund_row(row) for row in found[:QUEUE_MAX]]


def waiting_refund_count() -> int:
    """How many wait for a second person."""
    return refunds(status=RefundStatus.AWAITING_APPROVAL).count()


def refund_row(row: Refund) -> RefundRow:
    """From the model; reads intent and attempt, so select them along."""
    return RefundRow(
        id=row.id,
        intent_id=row.intent_id,
        reference=row.intent.reference,
        amount=Money(row.amount_minor, row.currency),
        status=RefundStatus(row.status),
        reason=row.reason,
        asked_by=row.asked_by,
        asked_at=row.asked_at,
        decided_by=row.decided_by,
        decided_at=row.decided_at,
        note=row.note,
        problem=row.attempt.message if row.attempt else "",
    )
