"""The books in the console."""

from apps.ledger.admin import (
    account_changes,
    accounts,
    chart,
    entries,
    fx,
    limits,
    monitors,
    period_forms,
    period_requests,
    periods,
    reports,
    years,
)

__all__ = [
    "account_changes",
    "accounts",
    "chart",
    "entries",
    "fx",
    "limits",
    "monitors",
    "period_forms",
    "period_requests",
    "periods",
    "reports",
    "years",
]
