"""Payments in the console."""

from apps.payments.admin import callbacks, cards, intents, sources, unknown

__all__ = ["callbacks", "cards", "intents", "sources", "unknown"]
