"""Wiring of identity."""

from django.apps import AppConfig


class IdentityConfig(AppConfig):
    """Users, roles, service clients: per tenant, and again for the platform itself."""

    name = "apps.identity"
    label = "identity"
