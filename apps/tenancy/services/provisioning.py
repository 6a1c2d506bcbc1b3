"""Making a tenant: its row, its schema, its host names, and what its books start with."""

from __future__ import annotations

import re
from collections.abc import Sequence
from uuid import UUID

from django.db import IntegrityError, transaction

from apps.platform import audit, clock
from apps.platform.actors import Actor
from apps.platform.use_cases import use_case
from apps.tenancy import seeding
from apps.tenancy.contexts import inside, on_platform
from apps.tenancy.domain import TenantMode, TenantState
from apps.tenancy.errors import BadSlug, TenantExists
from apps.tenancy.models import Blueprint, Domain, Tenant
from apps.tenancy.schemas.blueprints import prepare_blueprint, replay
from apps.tenancy.schemas.migrating import alone

#: The slug becomes a host name, a schema name and a token of message subjects.
_SLUG = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
_SLUG_LENGTH = range(2, 41)
_RESERVED = frozenset({"admin", "api", "platform", "public", "static", "template", "www"})


def provision_tenant(  # noqa: PLR0913  what a tenant is made of
    *,
    slug: str,
    name: str,
    functional_currency: str,
    domains: Sequence[str],
    actor: Actor,
    zone: str = "UTC",
    mode: TenantMode = TenantMode.TEST,
) -> UUID:
    """Make a tenant with everything in it and open it to requests. Returns its id.

    Either all of it is made or nothing is: there is no half tenant to tidy up, and asking again
    after a failure starts afresh. A slug or host name that is taken is ``TenantExists``.
    """
    if not _SLUG.fullmatch(slug) or len(slug) not in _SLUG_LENGTH or slug in _RESERVED:
        raise BadSlug(slug=slug)
    draft = Tenant(
        slug=slug,
        schema_name=f"t_{slug}".replace("-", "_"),
        name=name,
        functional_currency=functional_currency,
        zone=zone,
        mode=mode,
    )
    with on_platform():
        with alone():
            made = prepare_blueprint()
        return _provision(draft=draft, domains=domains, made=made, actor=actor)


@use_case("tenancy.provision_tenant")
def _provision(*, draft: Tenant, domains: Sequence[str], made: Blueprint, actor: Actor) -> UUID:
    draft.created_at = draft.state_changed_at = clock.now()
    draft.state = TenantState.PROVISIONING
    try:
        with transaction.atomic():
            tenant = Tenant.objects.bulk_create([draft])[0]
            Domain.objects.bulk_create(
                Domain(tenant=tenant, domain=domain.lower(), is_primary=index == 0)
                for index, domain in enumerate(domains)
            )
    except IntegrityError as error:
        raise TenantExists(slug=draft.slug) from error
    replay(made, tenant.schema_name, tenant.id)
    with inside(tenant):
        seeding.sow(actor)
    Tenant.objects.filter(id=tenant.id).update(state=TenantState.READY)
    audit.note(tenant.slug, name=tenant.name)
    return tenant.id
