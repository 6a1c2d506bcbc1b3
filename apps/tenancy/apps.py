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
        from apps.platform.metrics import Reading, measure
        from apps.tenancy.checks import check_pooling, check_settings
        from apps.tenancy.directory import TenantDirectory
        from apps.tenancy.selectors import tenants_behind

        install(TenantDirectory())
        measure(
            Reading(
                "house_tenants_behind",
                "Tenants that lack a migration of this program.",
                lambda: {"": len(tenants_behind())},
            )
        )
        checks.register(check_settings, checks.Tags.security)
        checks.register(check_pooling, checks.Tags.database)
