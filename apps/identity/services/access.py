"""Proving a credential: secrets for tokens, and keys and tokens for a principal.

Everything compares a SHA-256 with ``hmac.compare_digest``, also when there is nothing to compare
with, so that neither the answer nor its time tells an unknown id from a wrong secret.
"""

from __future__ import annotations

import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from apps.identity.domain import TokenReceipt
from apps.identity.errors import CredentialRefused
from apps.identity.models import AccessToken, ApiKey, ServiceClient
from apps.identity.networks import is_allowed
from apps.identity.services.service_clients import checked_scopes, credential, digest
from apps.platform import audit, clock
from apps.platform.actors import Actor, ActorKind
from apps.platform.ids import public_id
from apps.platform.tenant import current_tenant, current_tenant_id, database
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
    if not _may_call(row, address):
        raise CredentialRefused
    if row.is_key:
        _note_use(row, address, clock.now())
    return ServicePrincipal(
        actor=Actor(ActorKind.SERVICE, row.client_name, row.client_id),
        client_id=row.client_id,
        scopes=frozenset(row.scopes) & frozenset(row.client_scopes),
    )


class _Held(NamedTuple):
    """A key or token that still works, with its client."""

    id: UUID
    secret_sha256: str
    scopes: list[str]
    last_used_at: datetime | None
    is_key: bool
    client_id: UUID
    client_name: str
    client_scopes: list[str]
    is_active: bool
    networks: list[str]


# Every request over the API asks one of these.
_CLIENT = "c.id, c.name, c.scopes, c.is_active, c.networks"
_OF_CLIENT = "JOIN identity_service_client c ON c.id = k.client_id AND c.tenant = k.tenant"
_WORKING_KEY = f"""
    SELECT k.id, k.secret_sha256, k.scopes, k.last_used_at, true, {_CLIENT}
      FROM identity_api_key k {_OF_CLIENT}
     WHERE k.tenant = %s AND k.id = %s AND k.revoked_at IS NULL
       AND coalesce(k.expires_at > %s, true)
"""  # noqa: S608  our own text
_WORKING_TOKEN = f"""
    SELECT k.id, k.secret_sha256, k.scopes, NULL, false, {_CLIENT}
      FROM identity_access_token k {_OF_CLIENT}
     WHERE k.tenant = %s AND k.id = %s AND k.expires_at > %s
"""  # noqa: S608  likewise


def _row(named: Credential | None) -> _Held | None:
    """The key or token that still works under this name."""
    if named is None or not named.secret:
        return None
    if _is_of_this_tenant(named, CredentialKind.KEY):
        query = _WORKING_KEY
    elif _is_of_this_tenant(named, CredentialKind.TOKEN):
        query = _WORKING_TOKEN
    else:
        return None
    about = [current_tenant_id(), named.id, clock.now()]
    row = database.execute_prepared(query, about).fetchone()
    return _Held(*row) if row else None


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


def _may_call(client: ServiceClient | _Held, address: str) -> bool:
    return client.is_active and is_allowed(address, client.networks)


def _note_use(key: _Held, address: str, now: datetime) -> None:
    if key.last_used_at is None or now - key.last_used_at >= LAST_USED_EVERY:
        ApiKey.objects.filter(id=key.id).update(last_used_at=now, last_used_ip=address or None)
