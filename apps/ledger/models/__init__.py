"""Tables of the books."""

from apps.ledger.models.accounts import Account, AccountBalance, BalanceDay
from apps.ledger.models.chart import Category, CategoryAccount, Dimension, Unit
from apps.ledger.models.entries import JournalEntry, Posting
from apps.ledger.models.fx_conversions import FxConversion, FxPosition, FxQuote
from apps.ledger.models.fx_rates import FxRate, FxRateProposal
from apps.ledger.models.fx_revaluations import FxRateSet, FxRevaluation, FxRevaluationLine

__all__ = [
    "Account",
    "AccountBalance",
    "BalanceDay",
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
    "Posting",
    "Unit",
]
