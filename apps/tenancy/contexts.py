"""Working inside a tenant's books, and nowhere else."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import structlog
from django_tenants.utils import get_public_schema_name

from apps.platform.tenant import database
from apps.tenancy.models import Tenant


@contextmanager
def inside(tenant: Tenant) -> Iterator[None]:
    """Within the block, the connection, the log and every default look at ``tenant``'s schema.

    Not for use inside an open transaction that has already written for another tenant: deferred
    checks would then run against the wrong books. That is refused.
    """
    before = database.tenant
    is_switch = before.schema_name not in (tenant.schema_name, get_public_schema_name())
    if database.in_atomic_block and is_switch:
        raise ValueError(
            f"cannot leave {before.schema_name} for {tenant.schema_name} within a transaction"
        )
    database.set_tenant(tenant)
    with structlog.contextvars.bound_contextvars(tenant=tenant.slug):
        try:
            yield
        finally:
            database.set_tenant(before)


@contextmanager
def on_platform() -> Iterator[None]:
    """Within the block, the connection looks at the public schema: the platform's own rows."""
    before = database.tenant
    database.set_schema_to_public()
    try:
        yield
    finally:
        database.set_tenant(before)
