"""Values and rules of settlements. Standard library only."""

from apps.settlements.domain.batches import DigestLine, contents_digest
from apps.settlements.domain.calendars import Calendar, Convention, Frequency, Recurrence
from apps.settlements.domain.differences import Difference, ExpectedMovement
from apps.settlements.domain.payout_details import (
    COOLING_CHANGED,
    COOLING_NEW,
    DetailsDecision,
    DetailsState,
    PayoutDetails,
    Rail,
)
from apps.settlements.domain.payouts import PayoutPolicy, PayoutTerms, payable_now
from apps.settlements.domain.statements import Direction, ParsedLine, ParsedStatement
from apps.settlements.domain.states import (
    BATCH_TRANSITIONS,
    BREAK_TRANSITIONS,
    DISBURSEMENT_TRANSITIONS,
    BatchState,
    BreakKind,
    BreakState,
    Decision,
    DisbursementState,
    ItemState,
    LineKind,
    PayeeKind,
    allowed_pairs,
)

__all__ = [
    "BATCH_TRANSITIONS",
    "BREAK_TRANSITIONS",
    "COOLING_CHANGED",
    "COOLING_NEW",
    "DISBURSEMENT_TRANSITIONS",
    "BatchState",
    "BreakKind",
    "BreakState",
    "Calendar",
    "Convention",
    "Decision",
    "DetailsDecision",
    "DetailsState",
    "Difference",
    "DigestLine",
    "Direction",
    "DisbursementState",
    "ExpectedMovement",
    "Frequency",
    "ItemState",
    "LineKind",
    "ParsedLine",
    "ParsedStatement",
    "PayeeKind",
    "PayoutDetails",
    "PayoutPolicy",
    "PayoutTerms",
    "Rail",
    "Recurrence",
    "allowed_pairs",
    "contents_digest",
    "payable_now",
]
