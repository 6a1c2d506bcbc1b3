"""Tables of the books."""

from apps.ledger.models.accounts import Account, AccountBalance, BalanceDay
from apps.ledger.models.chart import Category, CategoryAccount, Dimension, Unit
from apps.ledger.models.entries import JournalEntry, Posting

__all__ = [
    "Account",
    "AccountBalance",
    "BalanceDay",
    "Category",
    "CategoryAccount",
    "Dimension",
    "JournalEntry",
    "Posting",
    "Unit",
]
