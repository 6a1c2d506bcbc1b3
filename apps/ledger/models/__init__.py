"""Tables of the books."""

from apps.ledger.models.accounts import Account, AccountBalance, BalanceDay
from apps.ledger.models.entries import JournalEntry, Posting

__all__ = ["Account", "AccountBalance", "BalanceDay", "JournalEntry", "Posting"]
