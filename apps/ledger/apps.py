"""Wiring of ledger."""

from django.apps import AppConfig


class LedgerConfig(AppConfig):
    """The ledger app."""

    name = "apps.ledger"
    label = "ledger"
