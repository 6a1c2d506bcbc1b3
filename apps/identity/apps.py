"""Wiring of identity."""

from django.apps import AppConfig


class IdentityConfig(AppConfig):
    """Users, roles, service clients: per tenant, and again for the platform itself."""

    name = "apps.identity"
    label = "identity"

    def ready(self) -> None:
        """Every tenant starts with the seven roles, and so does the platform."""
        from apps.identity.services import seed_roles
        from apps.tenancy.seeding import register_seed

        register_seed("identity.roles", seed_roles)
