"""Wiring of tenancy."""

from django.apps import AppConfig


class TenancyConfig(AppConfig):
    """Tenants and their domains; lives in the public schema only."""

    name = "apps.tenancy"
    label = "tenancy"
