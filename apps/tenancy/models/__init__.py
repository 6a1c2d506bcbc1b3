"""Tables of the platform: tenants and the host names they are reached by."""

from apps.tenancy.models.tenants import Domain, Tenant

__all__ = ["Domain", "Tenant"]
