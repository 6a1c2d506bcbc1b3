"""Wiring of integrations."""

from django.apps import AppConfig


class IntegrationsConfig(AppConfig):
    """The integrations app."""

    name = "apps.integrations"
    label = "integrations"
