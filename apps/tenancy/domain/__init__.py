"""States and modes of a tenant."""

from apps.tenancy.domain.states import TenantMode, TenantState

__all__ = ["TenantMode", "TenantState"]
