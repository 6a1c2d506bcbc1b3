"""Proving a credential: secrets for tokens, and keys and tokens for a principal.

Everything compares a SHA-256 with ``hmac.compare_digest``, also when there is nothing to compare
with, so that neither the answer nor its time tells an unknown id from a wrong secret.
"""

from __future__ import annotations

import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Q

from apps.identity.domain import TokenReceipt
from apps.identity.errors import CredentialRefused
from apps.identity.models import AccessToken, ApiKey, ServiceClient
from apps.identity.networks import is_allowed
from apps.identity.services.service_clients import checked_scopes, credential, digest
from apps.platform import audit, clock
from apps.platform.actors import Actor, ActorKind
from apps.platform.ids import public_id
from apps.platform.tenant import current_tenant
from apps.platform.use_cases import use_case
from apps.tenancy.domain import Credential, CredentialKind, new_secret, parse_credential

TOKEN_LIFE = timedelta(minutes=15)
LAST_USED_EVERY = timedelta(minutes=5)
_NOBODY = digest("")


@dataclass(frozen=True, slots=True)
class ServicePrincipal:
    """A service client that has proved itself: what a request's ``user`` is over the API."""

    actor: Actor
    client_id: UUID
    scopes: frozenset[str]
    is_authenticated: bool = True


@use_case("identity.issue_access_token")
def issue_access_token(
    *, client_id: str, secret: str, address: str, actor: Actor, scopes: Sequence[str] = ()
) -> TokenReceipt:
    """Give an access token for a client's id and secret, with the scopes asked for (all if none).

    Asking again gives another token. A wrong, unknown or switched-off client is
    ``CredentialRefused`` and learns no more.
    """
    named = parse_credential(client_id)
    is_here = named is not None and _is_of_this_tenant(named, CredentialKind.CLIENT)
    row = ServiceClient.objects.filter(id=named.id).first() if named and is_here else None
    if not _secret_matches(row, secret) or row is None or not _may_call(row, address):
        raise CredentialRefused
    granted = checked_scopes(scopes, row.scopes) if scopes else row.scopes
    secret = new_secret()
    now = clock.now()
    token = AccessToken.objects.create(
        client=row,
        secret_sha256=digest(secret),
        scopes=granted,
        created_at=now,
        expires_at=now + TOKEN_LIFE,
    )
    audit.note(public_id("cli", row.id), scopes=granted)
    return TokenReceipt(
        credential(CredentialKind.TOKEN, token.id, secret).text,
        int(TOKEN_LIFE.total_seconds()),
        tuple(granted),
    )


@use_case("identity.forget_expired_tokens")
def forget_expired_tokens(*, actor: Actor) -> int:
    """Delete tokens that ended. Returns how many; repeating deletes what ended since."""
    gone, _ = AccessToken.objects.filter(expires_at__lt=clock.now()).delete()
    audit.nothing_happened()
    return gone


def principal_of(*, text: str, address: str) -> ServicePrincipal:
    """Whoever holds this key or token, in the present tenant, or ``CredentialRefused``.

    Scopes are those of both the credential and its client, so taking one from the client works
    at once. Notes when a key was last used, at most every five minutes.
    """
    named = parse_credential(text)
    row = _row(named)
    expected = row.secret_sha256 if row else _NOBODY
    given = digest(named.secret if named else "")
    if not hmac.compare_digest(given, expected) or row is None:
        raise CredentialRefused
    if not _may_call(row.client, address):
        raise CredentialRefused
    if isinstance(row, ApiKey):
        _note_use(row, address, clock.now())
    return ServicePrincipal(
        actor=Actor(ActorKind.SERVICE, row.client.name, row.client.id),
        client_id=row.client.id,
        scopes=frozenset(row.scopes) & frozenset(row.client.scopes),
    )


def _row(named: Credential | None) -> ApiKey | AccessToken | None:
    """The key or token that still works under this name."""
    if named is None or not named.secret:
        return None
    now = clock.now()
    if _is_of_this_tenant(named, CredentialKind.KEY):
        keys = ApiKey.objects.select_related("client").filter(id=named.id, revoked_at=None)
        return keys.filter(Q(expires_at=None) | Q(expires_at__gt=now)).first()
    if _is_of_this_tenant(named, CredentialKind.TOKEN):
        tokens = AccessToken.objects.select_related("client")
        return tokens.filter(id=named.id, expires_at__gt=now).first()
    return None


def _is_of_this_tenant(named: Credential, kind: CredentialKind) -> bool:
    tenant = current_tenant()
    here = (tenant.id, tenant.mode)
    return (named.tenant_id, named.mode) == here and named.kind == kind


def _secret_matches(client: ServiceClient | None, secret: str) -> bool:
    """Compare with the present and the former secret, always both."""
    given = digest(secret)
    present = client.secret_sha256 if client else _NOBODY
    former = client.former_sha256 if client else ""
    is_former_good = bool(
        client and client.former_until is not None and clock.now() < client.former_until
    )
    is_present = hmac.compare_digest(given, present)
    is_former = hmac.compare_digest(given, former or _NOBODY)
    return bool(secret) and (is_present or (is_former and is_former_good))


def _may_call(client: ServiceClient, address: str) -> bool:
    return client.is_active and is_allowed(address, client.networks)


def _note_use(key: ApiKey, address: str, now: datetime) -> None:
    if key.last_used_at is None or now - key.last_used_at >= LAST_USED_EVERY:
        ApiKey.objects.filter(id=key.id).update(last_used_at=now, last_used_ip=address or None)
