"""Batches and their lines."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Count, Q, QuerySet, Sum

from apps.platform.money import Money
from apps.settlements.domain import BatchState, DisbursementState
from apps.settlements.models import Approval, Batch, Disbursement

ROWS_MAX = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalRow:
    """One person's decision."""

    user_name: str
    person: str
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
    editors: tuple[str, ...]
    approvals_needed: int
    approvals: tuple[ApprovalRow, ...]
    created_at: datetime
    submitted_at: datetime | None
    released_at: datetime | None
    closed_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class DisbursementRow:
    """One line of a batch."""

    id: UUID
    reference: str
    state: str
    payee: str
    payee_name: str
    phone: str
    destination: str
    amount: Money
    provider_reference: str
    failure_code: str
    finished_at: datetime | None
    is_first_payout: bool
    has_new_details: bool


def batches(*, state: str = "", limit: int = ROWS_MAX) -> list[BatchRow]:
    """The newest batches, of one state if given."""
    rows = batches_with_approvals()
    if state:
        rows = rows.filter(state=state)
    return [batch_row(row) for row in rows[: min(limit, ROWS_MAX)]]


def batches_awaiting(*, person: str) -> list[BatchRow]:
    """Batches this person may decide on: in approval, made by somebody else, not yet decided."""
    rows = Batch.objects.filter(state=BatchState.IN_APPROVAL).exclude(editors__contains=[person])
    waiting = rows.order_by("submitted_at").prefetch_related("approvals")[:ROWS_MAX]
    return [
        batch_row(row)
        for row in waiting
        if not any(a.round == row.round and a.person == person for a in row.approvals.all())
    ]


def batches_to_release() -> list[BatchRow]:
    """Approved batches whose money nobody has released yet, the longest waiting first."""
    rows = Batch.objects.filter(state=BatchState.APPROVED).order_by("submitted_at")
    return [batch_row(row) for row in rows.prefetch_related("approvals")[:ROWS_MAX]]


def batch(*, batch_id: UUID) -> BatchRow | None:
    """One batch, or nothing."""
    row = Batch.objects.filter(id=batch_id).prefetch_related("approvals").first()
    return batch_row(row) if row is not None else None


def disbursements_of(*, batch_id: UUID) -> list[DisbursementRow]:
    """The lines of a batch, by reference."""
    rows = (
        Disbursement.objects.filter(batch_id=batch_id)
        .select_related("payee", "beneficiary")
        .order_by("reference")
    )
    last_details = dict(
        Disbursement.objects.filter(
            payee__in=[row.payee_id for row in rows], state=DisbursementState.PAID
        )
        .exclude(batch_id=batch_id)
        .order_by("finished_at")
        .values_list("payee_id", "beneficiary_id")
    )
    return [
        DisbursementRow(
            id=row.id,
            reference=row.reference,
            state=row.state,
            payee=row.payee.reference,
            payee_name=row.payee.name,
            phone=row.beneficiary.phone,
            destination=row.beneficiary.details.masked,
            amount=Money(row.amount_minor, row.currency),
            provider_reference=row.provider_reference,
            failure_code=row.failure_code,
            finished_at=row.finished_at,
            is_first_payout=row.payee_id not in last_details,
            has_new_details=last_details.get(row.payee_id, row.beneficiary_id)
            != row.beneficiary_id,
        )
        for row in rows
    ]


def disbursements_in_transit() -> list[tuple[Money, int, int]]:
    """What is on its way, for each currency: the sum, how many, how many of them unknown."""
    rows = (
        Disbursement.objects.filter(
            state__in=[DisbursementState.RESERVED, DisbursementState.UNKNOWN]
        )
        .values("currency")
        .annotate(
            minor=Sum("amount_minor"),
            count=Count("id"),
            unknown=Count("id", filter=Q(state=DisbursementState.UNKNOWN)),
        )
        .order_by("currency")
    )
    return [(Money(int(r["minor"]), r["currency"]), r["count"], r["unknown"]) for r in rows]


def batches_with_approvals() -> QuerySet[Batch]:
    """Batches with all that ``batch_row`` reads, the newest first."""
    return Batch.objects.order_by("-created_at", "-id").prefetch_related("approvals")


def batch_row(row: Batch) -> BatchRow:
    """The row of a model that was read with its approvals."""
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
        editors=tuple(row.editors),
        approvals_needed=row.approvals_needed,
        approvals=tuple(_approval(a) for a in row.approvals.all() if a.round == row.round),
        created_at=row.created_at,
        submitted_at=row.submitted_at,
        released_at=row.released_at,
        closed_at=row.closed_at,
    )


def _approval(row: Approval) -> ApprovalRow:
    return ApprovalRow(
        user_name=row.user_name,
        person=row.person,
        decision=row.decision,
        comment=row.comment,
        decided_at=row.decided_at,
    )
