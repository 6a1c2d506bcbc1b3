"""What can be asked about tenants."""

from apps.tenancy.selectors.tenants import (
    all_tenants,
    ready_tenants,
    refuse_unready,
    tenant_by_host,
    tenant_by_id,
    tenant_by_slug,
    tenants_behind,
)

__all__ = [
    "all_tenants",
    "ready_tenants",
    "refuse_unready",
    "tenant_by_host",
    "tenant_by_id",
    "tenant_by_slug",
    "tenants_behind",
]
