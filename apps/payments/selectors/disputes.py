"""Reading disputes."""

from __future__ import annotations

from uuid import UUID

from django.db.models import F, QuerySet

from apps.payments.domain.disputes import (
    DISPUTE_ENDS,
    DisputeRow,
    DisputeStage,
    DisputeStatus,
    EvidenceRow,
)
from apps.payments.errors.operations import UnknownDispute
from apps.payments.models import Dispute, DisputeEvidence
from apps.platform.ids import public_id
from apps.platform.money import Money

QUEUE_MAX = 200


def disputes(*, status: str = "", intent_id: UUID | None = None) -> QuerySet[Dispute]:
    """Disputes by deadline, to be paged by this app's own entry points."""
    found = Dispute.objects.select_related("intent", "provider_account").order_by("-id")
    if intent_id is not None:
        found = found.filter(intent_id=intent_id)
    return found.filter(status=status) if status else found


def dispute(dispute_id: UUID) -> DisputeRow:
    """One dispute with its documents, or ``UnknownDispute``."""
    found = disputes().filter(id=dispute_id).first()
    if found is None:
        raise UnknownDispute(dispute=public_id("dp", dispute_id))
    return dispute_row(found)


def open_disputes() -> list[DisputeRow]:
    """Those that are not over, the nearest deadline first."""
    found = disputes().exclude(status__in=DISPUTE_ENDS)
    found = found.order_by(F("due_by").asc(nulls_last=True), "opened_at")
    return [dispute_row(row) for row in found[:QUEUE_MAX]]


def unanswered_dispute_count() -> int:
    """How many wait for our answer."""
    waiting = Dispute.objects.filter(status=DisputeStatus.NEEDS_RESPONSE, answered_at=None)
    return waiting.count()


def dispute_row(row: Dispute) -> DisputeRow:
    """From the model; reads intent and account, so select them along."""
    return DisputeRow(
        id=row.id,
        intent_id=row.intent_id,
        reference=row.intent.reference,
        provider_account=row.provider_account.label,
        provider_reference=row.reference,
        amount=Money(row.amount_minor, row.currency),
        withdrawn=Money(row.withdrawn_minor, row.currency),
        fee=Money(row.fee_minor, row.currency),
        stage=DisputeStage(row.stage),
        status=DisputeStatus(row.status),
        reason=row.reason,
        opened_at=row.opened_at,
        due_by=row.due_by,
        answer=row.answer,
        answered_by=row.answered_by,
        answered_at=row.answered_at,
        problem=row.answer_problem,
        evidence=tuple(_evidence(kept) for kept in row.evidence.defer("body")),
    )


def _evidence(kept: DisputeEvidence) -> EvidenceRow:
    return EvidenceRow(
        id=kept.id,
        name=kept.name,
        kind=kept.kind,
        content_type=kept.content_type,
        sha256=kept.sha256,
        added_by=kept.added_by,
        added_at=kept.added_at,
    )
