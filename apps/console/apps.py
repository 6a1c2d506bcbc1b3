"""Wiring of console."""

from django.apps import AppConfig


class ConsoleConfig(AppConfig):
    """The console app."""

    name = "apps.console"
    label = "console"
