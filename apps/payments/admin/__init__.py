"""Payments in the console."""

from apps.payments.admin import callbacks, cards, intents, unknown

__all__ = ["callbacks", "cards", "intents", "unknown"]
