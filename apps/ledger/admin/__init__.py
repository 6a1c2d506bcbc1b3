"""The books in the console."""

from apps.ledger.admin import accounts, entries, trial_balance

__all__ = ["accounts", "entries", "trial_balance"]
