"""Who calls, proved for a whole batch at once: each credential is looked up once in it.

Keys are not remembered from one batch to the next, so one that is taken away stops working at once.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from time import monotonic
from typing import Any
from uuid import UUID

import structlog
from connectrpc.request import RequestContext

from apps.identity.errors import CredentialRefused, ScopeMissing
from apps.identity.networks import address_of
from apps.identity.services import ServicePrincipal, principal_of
from apps.platform.actors import Actor
from apps.platform.errors import DomainError
from apps.platform.tenant import current_tenant, database
from apps.tenancy.contexts import inside, on_platform
from apps.tenancy.domain import parse_credential
from apps.tenancy.errors import CredentialMissing, CredentialUnknown, TenantConflict
from apps.tenancy.selectors import refuse_unready, tenant_by_id

security = structlog.get_logger("house.security")
SCHEME = "bearer"
TENANT_SECONDS = 1.0
_tenants: dict[UUID, tuple[Any, float]] = {}


@dataclass(frozen=True, slots=True)
class Caller:
    """What a request says of its sender; nothing of it is proved yet."""

    credential: str
    address: str
    tenant_slug: str
    tenant_id: UUID


def caller(context: RequestContext) -> Caller:
    """Read from the headers. The credential alone names the tenant, ``X-Tenant`` may confirm it."""
    headers = context.request_headers
    scheme, _, text = headers.get("authorization", "").partition(" ")
    if scheme.lower() != SCHEME:
        raise CredentialMissing
    named = parse_credential(text.strip())
    if named is None:
        raise CredentialUnknown
    direct, _, _ = (context.client_address or "").rpartition(":")
    return Caller(
        credential=text.strip(),
        address=address_of(direct, headers.get("x-forwarded-for", "")),
        tenant_slug=headers.get("x-tenant", ""),
        tenant_id=named.tenant_id,
    )


@contextmanager
def books_of(tenant_id: UUID) -> Iterator[None]:
    """Within the block, on this thread, the books are the tenant's. Gives the connection back."""
    try:
        tenant = _tenant(tenant_id)
        refuse_unready(tenant)
        with inside(tenant):
            yield
    finally:
        database.close()


def _tenant(id: UUID) -> Any:
    """The tenant, as it was at most ``TENANT_SECONDS`` ago: suspension works within these."""
    known, until = _tenants.get(id, (None, 0.0))
    if known is None or monotonic() > until:
        with on_platform():
            known = tenant_by_id(id)
        if known is None:
            raise CredentialUnknown
        _tenants[id] = known, monotonic() + TENANT_SECONDS
    return known


class Guests:
    """The callers of one batch, inside the books of their tenant."""

    def __init__(self) -> None:
        self._proved: dict[tuple[str, str], ServicePrincipal | DomainError] = {}
        self._slug = current_tenant().slug

    def actor(self, caller: Caller, scope: str) -> Actor:
        """Who it is, if the credential is good and carries the scope."""
        if caller.tenant_slug not in ("", self._slug):
            raise TenantConflict
        name = (caller.credential, caller.address)
        if name not in self._proved:
            self._proved[name] = _proof(caller)
        found = self._proved[name]
        if isinstance(found, DomainError):
            raise found
        if scope not in found.scopes:
            raise ScopeMissing(required=scope)
        return found.actor


def _proof(caller: Caller) -> ServicePrincipal | DomainError:
    try:
        return principal_of(text=caller.credential, address=caller.address)
    except CredentialRefused as error:
        security.warning("credential.refused", address=caller.address)
        return error
