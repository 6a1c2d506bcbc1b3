"""Finding tenants. These read the public schema, whatever schema the connection looks at."""

from __future__ import annotations

from uuid import UUID

from apps.tenancy.domain import TenantState
from apps.tenancy.models import Tenant


def ready_tenants() -> list[Tenant]:
    """Every tenant that may be served, by slug."""
    return list(Tenant.objects.filter(state=TenantState.READY).order_by("slug"))


def tenant_by_slug(slug: str) -> Tenant | None:
    """The tenant of that slug, in whatever state, or nothing."""
    return Tenant.objects.filter(slug=slug).first()


def tenant_by_id(id: UUID) -> Tenant | None:
    """The tenant of that id, in whatever state, or nothing."""
    return Tenant.objects.filter(id=id).first()
