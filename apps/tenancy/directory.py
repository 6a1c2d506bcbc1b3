"""Who is there: tenancy's answer to the platform, which stands below it and may not ask."""

from __future__ import annotations

from apps.platform.messaging.tenants import Place
from apps.tenancy.contexts import inside
from apps.tenancy.domain import TenantState
from apps.tenancy.models import Tenant
from apps.tenancy.selectors import ready_tenants, tenant_by_slug


class TenantDirectory:
    """What relay and consumers ask. The state is read anew each time: suspension works at once."""

    def ready(self) -> list[Place]:
        """Every tenant that is being served."""
        return [_place(tenant) for tenant in ready_tenants()]

    def find(self, slug: str) -> Place | None:
        """The tenant of that slug; nothing when there is none or it is closed for good."""
        tenant = tenant_by_slug(slug)
        if tenant is None or tenant.state == TenantState.CLOSED:
            return None
        return _place(tenant)


def _place(tenant: Tenant) -> Place:
    return Place(
        id=tenant.id,
        slug=tenant.slug,
        schema=tenant.schema_name,
        is_ready=tenant.state == TenantState.READY,
        enter=lambda: inside(tenant),
    )
