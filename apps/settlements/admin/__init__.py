"""Settlements in the console."""

from apps.settlements.admin import (
    approvals,
    batches,
    breaks,
    cards,
    decisions,
    finding,
    floats,
    payees,
    releases,
    review,
    sources,
    statements,
)

__all__ = [
    "approvals",
    "batches",
    "breaks",
    "cards",
    "decisions",
    "finding",
    "floats",
    "payees",
    "releases",
    "review",
    "sources",
    "statements",
]
