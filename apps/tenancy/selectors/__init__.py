"""What can be asked about tenants."""

from apps.tenancy.selectors.tenants import ready_tenants, tenant_by_id, tenant_by_slug

__all__ = ["ready_tenants", "tenant_by_id", "tenant_by_slug"]
