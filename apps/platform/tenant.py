"""Which tenant the present code works for, as the database connection knows it.

Tenancy sets it; everything below and above only reads it. Code that runs with a bare schema name
(a context that knows no tenant id) is refused: rows could not be marked with their owner.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import connection
from django_tenants.utils import get_public_schema_name

from apps.platform.errors import NoTenant

#: The connection, with what the backend of django_tenants adds to it: ``tenant``, ``schema_name``,
#: ``set_tenant`` and ``set_schema_to_public``.
database: Any = connection

#: The platform's own rows belong to nobody's books.
PLATFORM_TENANT_ID = UUID(int=0)


@dataclass(frozen=True, slots=True)
class CurrentTenant:
    """The tenant the connection is set to. ``zone`` is an IANA name, ``mode`` test or live."""

    id: UUID
    schema: str
    slug: str
    name: str
    functional_currency: str
    zone: str
    mode: str

    @property
    def is_platform(self) -> bool:
        """True for the platform's own schema."""
        return self.id == PLATFORM_TENANT_ID


_PLATFORM = CurrentTenant(
    PLATFORM_TENANT_ID, "public", "platform", "Platform", "USD", "UTC", "live"
)


def current_tenant() -> CurrentTenant:
    """Whose books these are, or ``NoTenant``."""
    tenant = database.tenant
    if database.schema_name == get_public_schema_name():
        return _PLATFORM
    if getattr(tenant, "id", None) is None:
        raise NoTenant
    return CurrentTenant(
        id=tenant.id,
        schema=tenant.schema_name,
        slug=tenant.slug,
        name=tenant.name,
        functional_currency=tenant.functional_currency,
        zone=tenant.zone,
        mode=str(tenant.mode),
    )


def current_tenant_id() -> UUID:
    """The default of every row's ``tenant`` column."""
    id: UUID | None = getattr(database.tenant, "id", None)
    if id is None or database.schema_name == get_public_schema_name():
        return current_tenant().id
    return id
