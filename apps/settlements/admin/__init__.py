"""Settlements in the console."""

from apps.settlements.admin import (
    approvals,
    batches,
    breaks,
    cards,
    decisions,
    details,
    finding,
    floats,
    payee_forms,
    payees,
    releases,
    review,
    schedules,
    sources,
    statements,
)

__all__ = [
    "approvals",
    "batches",
    "breaks",
    "cards",
    "decisions",
    "details",
    "finding",
    "floats",
    "payee_forms",
    "payees",
    "releases",
    "review",
    "schedules",
    "sources",
    "statements",
]
