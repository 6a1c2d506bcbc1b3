"""The life of a dispute: a payer's bank or the provider asks for the money back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from apps.platform.money import Money


class DisputeStage(StrEnum):
    """How far the quarrel has gone; each stage may begin with a new deadline."""

    INQUIRY = "inquiry"  # a question; no money is taken yet
    CHARGEBACK = "chargeback"
    PRE_ARBITRATION = "pre_arbitration"
    ARBITRATION = "arbitration"


class DisputeStatus(StrEnum):
    """Where a dispute stands."""

    NEEDS_RESPONSE = "needs_response"
    UNDER_REVIEW = "under_review"
    WON = "won"
    LOST = "lost"
    ACCEPTED = "accepted"  # we gave in
    CLOSED = "closed"  # ended without a verdict, an inquiry say


DISPUTE_ENDS = frozenset(
    {DisputeStatus.WON, DisputeStatus.LOST, DisputeStatus.ACCEPTED, DisputeStatus.CLOSED}
)
#: A verdict can be appealed, and a bank can come back: an end is left only for the next stage.
DISPUTE_MOVES: Mapping[DisputeStatus, frozenset[DisputeStatus]] = {
    DisputeStatus.NEEDS_RESPONSE: DISPUTE_ENDS | {DisputeStatus.UNDER_REVIEW},
    DisputeStatus.UNDER_REVIEW: DISPUTE_ENDS | {DisputeStatus.NEEDS_RESPONSE},
    **{end: frozenset(set(DisputeStatus) - {end}) for end in sorted(DISPUTE_ENDS)},
}


@dataclass(frozen=True, slots=True)
class EvidenceRow:
    """A document that was put with a dispute, without its bytes."""

    id: UUID
    name: str
    kind: str
    content_type: str
    sha256: str
    added_by: str
    added_at: datetime


@dataclass(frozen=True, slots=True)
class DisputeRow:
    """A dispute as people and other apps may see it."""

    id: UUID
    intent_id: UUID
    reference: str
    provider_account: str
    provider_reference: str
    amount: Money
    withdrawn: Money
    fee: Money
    stage: DisputeStage
    status: DisputeStatus
    reason: str
    opened_at: datetime
    due_by: datetime | None
    answer: str
    answered_by: str
    answered_at: datetime | None
    problem: str
    evidence: tuple[EvidenceRow, ...]
