"""Service clients: programs that call the API in a tenant's name."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from datetime import timedelta
from ipaddress import ip_network
from uuid import UUID

from apps.identity.domain import SCOPES, ClientReceipt
from apps.identity.errors import BadNetwork, ClientNotFound, UnknownScope
from apps.identity.models import AccessToken, ServiceClient
from apps.platform import audit, clock
from apps.platform.actors import Actor
from apps.platform.ids import public_id
from apps.platform.tenant import current_tenant
from apps.platform.use_cases import use_case
from apps.tenancy.domain import Credential, CredentialKind, TenantMode, new_secret

#: How long the former secret or key still works after a rotation, unless told otherwise.
OVERLAP = timedelta(hours=24)


@use_case("identity.create_service_client")
def create_service_client(
    *, name: str, scopes: Sequence[str], actor: Actor, networks: Sequence[str] = ()
) -> ClientReceipt:
    """Make a service client; its secret is in the receipt and can never be read again."""
    secret = new_secret()
    client = ServiceClient.objects.create(
        name=name,
        scopes=checked_scopes(scopes, SCOPES),
        networks=_networks(networks),
        secret_sha256=digest(secret),
        created_at=clock.now(),
        created_by=str(actor),
    )
    audit.note(public_id("cli", client.id), scopes=client.scopes, networks=client.networks)
    return ClientReceipt(client.id, client_id(client.id), secret)


@use_case("identity.rotate_client_secret")
def rotate_client_secret(
    *, client: UUID, actor: Actor, overlap: timedelta = OVERLAP
) -> ClientReceipt:
    """Give the client a new secret; the former one works for ``overlap`` more."""
    row = locked_client(client)
    secret = new_secret()
    ServiceClient.objects.filter(id=row.id).update(
        former_sha256=row.secret_sha256,
        former_until=clock.now() + overlap,
        secret_sha256=digest(secret),
    )
    audit.note(public_id("cli", row.id))
    return ClientReceipt(row.id, client_id(row.id), secret)


@use_case("identity.limit_service_client")
def limit_service_client(
    *, client: UUID, scopes: Sequence[str], networks: Sequence[str], actor: Actor
) -> None:
    """Set what the client may do and from where; its keys and tokens shrink with it at once."""
    row = locked_client(client)
    ServiceClient.objects.filter(id=row.id).update(
        scopes=checked_scopes(scopes, SCOPES), networks=_networks(networks)
    )
    audit.note(public_id("cli", row.id), scopes=list(scopes), networks=list(networks))


@use_case("identity.deactivate_service_client")
def deactivate_service_client(*, client: UUID, actor: Actor) -> None:
    """Switch the client off: its secret, keys and tokens are refused from now on."""
    row = locked_client(client)
    if not row.is_active:
        audit.nothing_happened()
    ServiceClient.objects.filter(id=row.id).update(is_active=False)
    AccessToken.objects.filter(client=row).delete()
    audit.note(public_id("cli", row.id))


def digest(secret: str) -> str:
    """What is stored of a secret. Secrets are 192 random bits, so no slow hash is needed."""
    return hashlib.sha256(secret.encode()).hexdigest()


def client_id(id: UUID) -> str:
    """The public name of a client, which also names its tenant."""
    return credential(CredentialKind.CLIENT, id, "").text


def credential(kind: CredentialKind, id: UUID, secret: str) -> Credential:
    """A credential of the present tenant, marked with the tenant's mode."""
    tenant = current_tenant()
    return Credential(TenantMode(tenant.mode), tenant.id, kind, id, secret)


def checked_scopes(scopes: Iterable[str], allowed: Iterable[str]) -> list[str]:
    """The scopes, sorted and once each; ``UnknownScope`` if one is not among ``allowed``."""
    known = set(allowed)
    for scope in scopes:
        if scope not in known:
            raise UnknownScope(scope=scope)
    return sorted(set(scopes))


def locked_client(id: UUID) -> ServiceClient:
    """The client's row, locked; ``ClientNotFound`` if there is none."""
    client = ServiceClient.objects.select_for_update().filter(id=id).first()
    if client is None:
        raise ClientNotFound
    return client


def _networks(texts: Sequence[str]) -> list[str]:
    for text in texts:
        try:
            ip_network(text)
        except ValueError as error:
            raise BadNetwork(network=text) from error
    return list(texts)
