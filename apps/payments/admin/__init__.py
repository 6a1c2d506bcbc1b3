"""Payments in the console."""

from apps.payments.admin import (
    bank_files,
    callbacks,
    cards,
    intents,
    pay_ins,
    providers,
    receipts,
    sources,
    unknown,
)

__all__ = [
    "bank_files",
    "callbacks",
    "cards",
    "intents",
    "pay_ins",
    "providers",
    "receipts",
    "sources",
    "unknown",
]
