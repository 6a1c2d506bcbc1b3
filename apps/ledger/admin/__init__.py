"""The books in the console."""

from apps.ledger.admin import (
    account_changes,
    accounts,
    breaker,
    chart,
    entries,
    fx,
    holds,
    limits,
    modes,
    monitors,
    period_forms,
    period_requests,
    periods,
    reports,
    sealing,
    years,
)

__all__ = [
    "account_changes",
    "accounts",
    "breaker",
    "chart",
    "entries",
    "fx",
    "holds",
    "limits",
    "modes",
    "monitors",
    "period_forms",
    "period_requests",
    "periods",
    "reports",
    "sealing",
    "years",
]
