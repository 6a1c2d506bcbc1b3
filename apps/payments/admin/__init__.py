"""Payments in the console."""

from apps.payments.admin import callbacks, intents, unknown

__all__ = ["callbacks", "intents", "unknown"]
