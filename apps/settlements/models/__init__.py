"""Tables of settlements."""

from apps.settlements.models.approvals import Approval
from apps.settlements.models.batches import Batch, Disbursement
from apps.settlements.models.breaks import Break
from apps.settlements.models.matching import ExpectedItem, MatchGroup, MatchLeg
from apps.settlements.models.payees import Beneficiary, BeneficiaryDecision, Payee, PayeeFile
from apps.settlements.models.positions import FloatPosition
from apps.settlements.models.schedules import (
    CalendarDay,
    PayoutSchedule,
    RailTimes,
    Reserve,
    ScheduleRun,
)
from apps.settlements.models.statements import Statement, StatementFile, StatementLine
from apps.settlements.models.transitions import StateEvent

__all__ = [
    "Approval",
    "Batch",
    "Beneficiary",
    "BeneficiaryDecision",
    "Break",
    "CalendarDay",
    "Disbursement",
    "ExpectedItem",
    "FloatPosition",
    "MatchGroup",
    "MatchLeg",
    "Payee",
    "PayeeFile",
    "PayoutSchedule",
    "RailTimes",
    "Reserve",
    "ScheduleRun",
    "StateEvent",
    "Statement",
    "StatementFile",
    "StatementLine",
]
