"""The books in the console."""

from apps.ledger.admin import accounts, entries, limits, monitors, reports

__all__ = ["accounts", "entries", "limits", "monitors", "reports"]
