"""Tables of the books."""

from apps.ledger.models.accounts import Account, AccountBalance, BalanceDay
from apps.ledger.models.breaker import PostingBreaker
from apps.ledger.models.chart import Category, CategoryAccount, Dimension, Unit
from apps.ledger.models.entries import JournalEntry, Posting
from apps.ledger.models.fx_conversions import FxConversion, FxPosition, FxQuote
from apps.ledger.models.fx_rates import FxRate, FxRateProposal
from apps.ledger.models.fx_revaluations import FxRateSet, FxRevaluation, FxRevaluationLine
from apps.ledger.models.holds import Hold, HoldLeg, HoldMovement
from apps.ledger.models.hot import BalanceShard, LockWait
from apps.ledger.models.items import ClearingKey, Item, ItemLink, ItemRule, ItemSettlement
from apps.ledger.models.journals import ApprovalRule, JournalApproval, ManualJournal
from apps.ledger.models.limits import BalanceMonitor, MonitorCrossing, VelocityLimit, VelocityUsage
from apps.ledger.models.periods import (
    Calendar,
    FiscalYear,
    Period,
    PeriodBalance,
    PeriodClosing,
    PeriodRequest,
)
from apps.ledger.models.recurring import RecurringApproval, RecurringEntry, RecurringOccurrence
from apps.ledger.models.refusals import Refusal
from apps.ledger.models.seal import MetadataErasure, Seal, SealBatch
from apps.ledger.models.templates import PostingTemplate, TemplateVersion

__all__ = [
    "Account",
    "AccountBalance",
    "ApprovalRule",
    "BalanceDay",
    "BalanceMonitor",
    "BalanceShard",
    "Calendar",
    "Category",
    "CategoryAccount",
    "ClearingKey",
    "Dimension",
    "FiscalYear",
    "FxConversion",
    "FxPosition",
    "FxQuote",
    "FxRate",
    "FxRateProposal",
    "FxRateSet",
    "FxRevaluation",
    "FxRevaluationLine",
    "Hold",
    "HoldLeg",
    "HoldMovement",
    "Item",
    "ItemLink",
    "ItemRule",
    "ItemSettlement",
    "JournalApproval",
    "JournalEntry",
    "LockWait",
    "ManualJournal",
    "MetadataErasure",
    "MonitorCrossing",
    "Period",
    "PeriodBalance",
    "PeriodClosing",
    "PeriodRequest",
    "Posting",
    "PostingBreaker",
    "PostingTemplate",
    "RecurringApproval",
    "RecurringEntry",
    "RecurringOccurrence",
    "Refusal",
    "Seal",
    "SealBatch",
    "TemplateVersion",
    "Unit",
    "VelocityLimit",
    "VelocityUsage",
]
