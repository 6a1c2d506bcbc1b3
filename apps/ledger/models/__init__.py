"""Tables of the books."""

from apps.ledger.models.accounts import Account, AccountBalance, BalanceDay
from apps.ledger.models.chart import Category, CategoryAccount, Dimension, Unit
from apps.ledger.models.entries import JournalEntry, Posting
from apps.ledger.models.fx_conversions import FxConversion, FxPosition, FxQuote
from apps.ledger.models.fx_rates import FxRate, FxRateProposal
from apps.ledger.models.fx_revaluations import FxRateSet, FxRevaluation, FxRevaluationLine
from apps.ledger.models.limits import (
    BalanceMonitor,
    MonitorCrossing,
    VelocityLimit,
    VelocityUsage,
)

__all__ = [
    "Account",
    "AccountBalance",
    "BalanceDay",
    "BalanceMonitor",
    "Category",
    "CategoryAccount",
    "Dimension",
    "FxConversion",
    "FxPosition",
    "FxQuote",
    "FxRate",
    "FxRateProposal",
    "FxRateSet",
    "FxRevaluation",
    "FxRevaluationLine",
    "JournalEntry",
    "MonitorCrossing",
    "Posting",
    "Unit",
    "VelocityLimit",
    "VelocityUsage",
]
