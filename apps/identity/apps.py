"""Wiring of identity."""

from django.apps import AppConfig
from django.contrib.auth.signals import user_logged_in, user_logged_out


class IdentityConfig(AppConfig):
    """Users, roles, service clients: per tenant, and again for the platform itself."""

    name = "apps.identity"
    label = "identity"

    def ready(self) -> None:
        """Every tenant starts with the seven roles; each signing in and out is a session's."""
        from apps.identity import session_life
        from apps.identity.services import seed_roles
        from apps.tenancy.seeding import register_seed

        register_seed("identity.roles", seed_roles)
        user_logged_in.connect(session_life.begin, dispatch_uid="identity.session_life")
        user_logged_out.connect(session_life.end, dispatch_uid="identity.session_life")
