"""Payments in the console."""

from apps.payments.admin import callbacks, cards, intents, providers, sources, unknown

__all__ = ["callbacks", "cards", "intents", "providers", "sources", "unknown"]
