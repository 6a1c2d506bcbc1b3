"""Wiring of reporting."""

from django.apps import AppConfig


class ReportingConfig(AppConfig):
    """The reporting app."""

    name = "apps.reporting"
    label = "reporting"
