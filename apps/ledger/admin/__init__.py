"""The books in the console."""

from apps.ledger.admin import (
    accounts,
    entries,
    limits,
    monitors,
    period_forms,
    period_requests,
    periods,
    reports,
    years,
)

__all__ = [
    "accounts",
    "entries",
    "limits",
    "monitors",
    "period_forms",
    "period_requests",
    "periods",
    "reports",
    "years",
]
