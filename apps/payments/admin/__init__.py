"""Payments in the console."""

from apps.payments.admin import bank_files, callbacks, cards, intents, providers, sources, unknown

__all__ = ["bank_files", "callbacks", "cards", "intents", "providers", "sources", "unknown"]
