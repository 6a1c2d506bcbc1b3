"""Working inside a tenant's books, and nowhere else."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import structlog

from apps.platform.tenant import database
from apps.tenancy.models import Tenant


@contextmanager
def inside(tenant: Tenant) -> Iterator[None]:
    """Within the block, the database, the log and every default look at ``tenant``'s schema.

    Not for use inside an open transaction that has already written for another tenant: deferred
    checks would then run against the wrong books. That is refused.
    """
    before = database.tenant
    if database.in_atomic_block and before.schema_name != tenant.schema_name:
        _refuse_switch(before.schema_name, tenant.schema_name)
    database.set_tenant(tenant)
    with structlog.contextvars.bound_contextvars(tenant=tenant.slug):
        try:
            yield
        finally:
            database.set_tenant(before)


def _refuse_switch(before: str, after: str) -> None:
    if before != "public":
        raise ValueError(f"cannot leave {before} for {after} within a transaction")
