"""What can be done with tenants."""

from apps.tenancy.services.provisioning import provision_tenant

__all__ = ["provision_tenant"]
