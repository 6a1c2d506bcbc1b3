"""Wiring of tenancy."""

from django.apps import AppConfig


class TenancyConfig(AppConfig):
    """Tenants and their domains; lives in the public schema only."""

    name = "apps.tenancy"
    label = "tenancy"

    def ready(self) -> None:
        """Tell messaging, which stands below, where the tenants are."""
        from apps.platform.messaging import tenants
        from apps.tenancy.directory import TenantDirectory

        tenants.install(TenantDirectory())
