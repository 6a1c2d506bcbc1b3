"""Finding tenants. These read the public schema, whatever schema the connection looks at."""

from __future__ import annotations

from uuid import UUID

from apps.platform.tenant import database
from apps.tenancy.domain import TenantState
from apps.tenancy.errors import TenantClosed, TenantNotReady
from apps.tenancy.models import Tenant
from apps.tenancy.schemas import migrating


def ready_tenants() -> list[Tenant]:
    """Every tenant that may be served, by slug."""
    return list(Tenant.objects.filter(state=TenantState.READY).order_by("slug"))


def all_tenants() -> list[Tenant]:
    """Every tenant in whatever state, by slug."""
    return list(Tenant.objects.order_by("slug"))


def tenant_by_slug(slug: str) -> Tenant | None:
    """The tenant of that slug, in whatever state, or nothing."""
    return Tenant.objects.filter(slug=slug).first()


# Every request asks these two: prepared, and without the steps to and from the public schema.
_FIELDS = [field.attname for field in Tenant._meta.concrete_fields]  # noqa: SLF001  public in Django
_FOUND = f"SELECT {', '.join(f't.{name}' for name in _FIELDS)} FROM public.tenancy_tenant t"  # noqa: S608
_BY_ID = f"{_FOUND} WHERE t.id = %s"
_BY_HOST = f"{_FOUND} JOIN public.tenancy_domain d ON d.tenant_id = t.id WHERE d.domain = %s"


def tenant_by_id(id: UUID) -> Tenant | None:
    """The tenant of that id, in whatever state, or nothing."""
    return _found(_BY_ID, id)


def tenant_by_host(host: str) -> Tenant | None:
    """The tenant reached at that host name (without a port), in whatever state, or nothing."""
    return _found(_BY_HOST, host.lower())


def _found(query: str, value: object) -> Tenant | None:
    row = database.execute_anywhere(query, [value]).fetchone()
    return Tenant.from_db(database.alias, _FIELDS, row) if row else None


def tenants_behind() -> list[str]:
    """Slugs of the tenants that lack a migration of this program; one query asks all schemas."""
    tenants = Tenant.objects.exclude(state=TenantState.CLOSED).order_by("slug")
    slugs = dict(tenants.values_list("schema_name", "slug"))
    return [slugs[schema] for schema in migrating.behind(list(slugs), migrating.wanted())]


def refuse_unready(tenant: Tenant) -> None:
    """Raise unless the tenant is being served: ``TenantClosed`` or ``TenantNotReady``."""
    if tenant.state == TenantState.CLOSED:
        raise TenantClosed
    if tenant.state != TenantState.READY:
        raise TenantNotReady(state=tenant.state)
