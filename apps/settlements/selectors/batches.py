"""Batches and their lines."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from apps.platform.money import Money
from apps.settlements.domain import BatchState
from apps.settlements.models import Approval, Batch, Disbursement

ROWS_MAX = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalRow:
    """One person's decision."""

    user_name: str
    decision: str
    comment: str
    decided_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchRow:
    """A batch as lists and pages show it."""

    id: UUID
    reference: str
    state: str
    provider_account: str
    lines: int
    total: Money
    digest: str
    round: int
    maker_name: str
    maker_person: str
    approvals_needed: int
    approvals: tuple[ApprovalRow, ...]
    created_at: datetime
    submitted_at: datetime | None
    released_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class DisbursementRow:
    """One line of a batch."""

    id: UUID
    reference: str
    state: str
    payee: str
    payee_name: str
    phone: str
    amount: Money
    provider_reference: str
    failure_code: str
    is_first_payout: bool


def batches(*, state: str = "", limit: int = ROWS_MAX) -> list[BatchRow]:
    """The newest batches, of one state if given."""
    rows = Batch.objects.order_by("-created_at")
    if state:
        rows = rows.filter(state=state)
    return [_row(row) for row in rows.prefetch_related("approvals")[: min(limit, ROWS_MAX)]]


def batches_awaiting(*, person: str) -> list[BatchRow]:
    """Batches this person may decide on: in approval, made by somebody else, not yet decided."""
    rows = Batch.objects.filter(state=BatchState.IN_APPROVAL).exclude(editors__contains=[person])
    waiting = rows.order_by("submitted_at").prefetch_related("approvals")[:ROWS_MAX]
    return [
        _row(row)
        for row in waiting
        if not any(a.round == row.round and a.person == person for a in row.approvals.all())
    ]


def batch(*, batch_id: UUID) -> BatchRow | None:
    """One batch, or nothing."""
    row = Batch.objects.filter(id=batch_id).prefetch_related("approvals").first()
    return _row(row) if row is not None else None


def disbursements_of(*, batch_id: UUID) -> list[DisbursementRow]:
    """The lines of a batch, by reference."""
    rows = (
        Disbursement.objects.filter(batch_id=batch_id)
        .select_related("payee", "beneficiary")
        .order_by("reference")
    )
    paid_before = set(
        Disbursement.objects.filter(payee__in=[row.payee_id for row in rows], state="paid")
        .exclude(batch_id=batch_id)
        .values_list("payee_id", flat=True)
    )
    return [
        DisbursementRow(
            id=row.id,
            reference=row.reference,
            state=row.state,
            payee=row.payee.reference,
            payee_name=row.payee.name,
            phone=row.beneficiary.phone,
            amount=Money(row.amount_minor, row.currency),
            provider_reference=row.provider_reference,
            failure_code=row.failure_code,
            is_first_payout=row.payee_id not in paid_before,
        )
        for row in rows
    ]


def _row(row: Batch) -> BatchRow:
    return BatchRow(
        id=row.id,
        reference=row.reference,
        state=row.state,
        provider_account=row.provider_account,
        lines=row.line_count,
        total=Money(row.total_minor, row.currency),
        digest=row.digest,
        round=row.round,
        maker_name=row.maker_name,
        maker_person=row.maker_person,
        approvals_needed=row.approvals_needed,
        approvals=tuple(_approval(a) for a in row.approvals.all() if a.round == row.round),
        created_at=row.created_at,
        submitted_at=row.submitted_at,
        released_at=row.released_at,
    )


def _approval(row: Approval) -> ApprovalRow:
    return ApprovalRow(
        user_name=row.user_name,
        decision=row.decision,
        comment=row.comment,
        decided_at=row.decided_at,
    )
