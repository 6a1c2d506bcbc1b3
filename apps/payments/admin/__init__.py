"""Payments in the console."""

from apps.payments.admin import (
    balances,
    bank_files,
    callbacks,
    capabilities,
    cards,
    disputes,
    intents,
    pay_ins,
    providers,
    receipts,
    refunds,
    routing,
    rulings,
    sources,
    strays,
    unknown,
)

__all__ = [
    "balances",
    "bank_files",
    "callbacks",
    "capabilities",
    "cards",
    "disputes",
    "intents",
    "pay_ins",
    "providers",
    "receipts",
    "refunds",
    "routing",
    "rulings",
    "sources",
    "strays",
    "unknown",
]
