"""Wiring of settlements."""

from django.apps import AppConfig


class SettlementsConfig(AppConfig):
    """The settlements app."""

    name = "apps.settlements"
    label = "settlements"
