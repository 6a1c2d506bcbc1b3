"""The books in the console."""

from apps.ledger.admin import (
    account_changes,
    accounts,
    chart,
    entries,
    limits,
    monitors,
    reports,
)

__all__ = [
    "account_changes",
    "accounts",
    "chart",
    "entries",
    "limits",
    "monitors",
    "reports",
]
