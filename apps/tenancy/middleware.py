"""Whose request this is."""

from __future__ import annotations

from django_tenants.middleware.main import TenantMainMiddleware


class TenantResolver(TenantMainMiddleware):
    """By host for now."""
