"""Payments in the console."""

from apps.payments.admin import (
    bank_files,
    callbacks,
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
    "bank_files",
    "callbacks",
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
