"""What can be done with tenants."""

from apps.tenancy.services.provisioning import provision_tenant
from apps.tenancy.services.release import ReleaseReceipt, migrate_tenants
from apps.tenancy.services.states import (
    brand_tenant,
    close_tenant,
    resume_tenant,
    suspend_tenant,
)

__all__ = [
    "ReleaseReceipt",
    "brand_tenant",
    "close_tenant",
    "migrate_tenants",
    "provision_tenant",
    "resume_tenant",
    "suspend_tenant",
]
