"""Tables of the platform: tenants and the host names they are reached by."""

from apps.tenancy.models.blueprints import Blueprint
from apps.tenancy.models.tenants import Domain, Tenant

__all__ = ["Blueprint", "Domain", "Tenant"]
