"""Settlements in the console."""

from apps.settlements.admin import (
    approvals,
    batches,
    breaks,
    cards,
    decisions,
    finding,
    payees,
    review,
    statements,
)

__all__ = [
    "approvals",
    "batches",
    "breaks",
    "cards",
    "decisions",
    "finding",
    "payees",
    "review",
    "statements",
]
