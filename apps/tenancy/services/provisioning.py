"""Making a tenant: its row, its schema, its host names."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from django.core.management import call_command
from django.db import connection

from apps.platform import audit, clock
from apps.platform.actors import Actor
from apps.platform.use_cases import use_case
from apps.tenancy.domain import TenantMode, TenantState
from apps.tenancy.models import Domain, Tenant


@use_case("tenancy.provision_tenant")
def provision_tenant(
    *,
    slug: str,
    name: str,
    functional_currency: str,
    domains: Sequence[str],
    actor: Actor,
    zone: str = "UTC",
    mode: TenantMode = TenantMode.TEST,
) -> UUID:
    """Create the tenant with an empty, migrated schema and make it ready. Returns its id."""
    connection.set_schema_to_public()
    now = clock.now()
    tenant = Tenant.objects.create(
        slug=slug,
        schema_name=f"t_{slug}".replace("-", "_"),
        name=name,
        functional_currency=functional_currency,
        zone=zone,
        mode=mode,
        created_at=now,
        state_changed_at=now,
    )
    for index, domain in enumerate(domains):
        Domain.objects.create(tenant=tenant, domain=domain, is_primary=index == 0)
    with connection.cursor() as cursor:
        cursor.execute(f'CREATE SCHEMA "{tenant.schema_name}"')
    call_command("migrate_schemas", schema_name=tenant.schema_name, interactive=False, verbosity=0)
    connection.set_schema_to_public()
    Tenant.objects.filter(id=tenant.id).update(state=TenantState.READY)
    audit.note(slug, name=name)
    return tenant.id
