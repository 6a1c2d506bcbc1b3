"""The books in the console."""

from apps.ledger.admin import accounts, entries, reports

__all__ = ["accounts", "entries", "reports"]
