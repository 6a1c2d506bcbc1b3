"""The base of every table that belongs to a tenant."""

from __future__ import annotations

from typing import Any, TypeVar

from django.db import models

from apps.platform.ids import new_id
from apps.platform.tenant import current_tenant_id

M = TypeVar("M", bound=models.Model)


class TenantManager(models.Manager[M]):
    """Reads only rows marked with the present tenant.

    The schema already separates tenants. This is the second wall: a connection that looks at the
    wrong schema, or a query built for one tenant and run for another, finds no rows.
    """

    def get_queryset(self) -> models.QuerySet[M]:
        """All rows of the present tenant."""
        return super().get_queryset().filter(tenant=current_tenant_id())


class TenantRow(models.Model):
    """A row that says whose it is. Each schema's CHECK allows one value: its own tenant.

    The value is written by the program, never by a default of the database, so a mixed-up
    connection violates the constraint instead of writing into another tenant's books.
    """

    tenant = models.UUIDField(default=current_tenant_id, editable=False)

    objects = TenantManager()

    class Meta:
        abstract = True
        base_manager_name = "objects"


class Identified(TenantRow):
    """A row named by a UUIDv7. ``prefix`` is what its public id begins with."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)

    class Meta(TenantRow.Meta):
        abstract = True


def choices(values: Any) -> list[tuple[str, str]]:
    """Django's choices from a ``StrEnum`` of the domain."""
    return [(value.value, value.value.replace("_", " ").capitalize()) for value in values]
