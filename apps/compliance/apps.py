"""Wiring of compliance."""

from django.apps import AppConfig


class ComplianceConfig(AppConfig):
    """The compliance app."""

    name = "apps.compliance"
    label = "compliance"
