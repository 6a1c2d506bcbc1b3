"""Wiring of tenancy."""

from django.apps import AppConfig
from django.core import checks


class TenancyConfig(AppConfig):
    """Tenants and their domains; lives in the public schema only."""

    name = "apps.tenancy"
    label = "tenancy"

    def ready(self) -> None:
        """Tell the platform who knows the tenants; check what tenants are kept apart by."""
        from apps.platform.messaging.tenants import install
        from apps.tenancy.checks import check_pooling, check_settings
        from apps.tenancy.directory import TenantDirectory

        install(TenantDirectory())
        checks.register(check_settings, checks.Tags.security)
        checks.register(check_pooling, checks.Tags.database)
