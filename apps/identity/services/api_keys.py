"""API keys of service clients."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from apps.identity.domain import KeyReceipt
from apps.identity.errors import KeyNotFound
from apps.identity.models import ApiKey, ServiceClient
from apps.identity.services.service_clients import (
    OVERLAP,
    checked_scopes,
    credential,
    digest,
    locked_client,
)
from apps.platform import audit, clock
from apps.platform.actors import Actor
from apps.platform.ids import public_id
from apps.platform.use_cases import use_case
from apps.tenancy.domain import CredentialKind, new_secret


@use_case("identity.issue_api_key")
def issue_api_key(
    *,
    client: UUID,
    name: str,
    actor: Actor,
    scopes: Sequence[str] | None = None,
    expires_at: datetime | None = None,
) -> KeyReceipt:
    """Make a key of the client, with some of its scopes (all, if none are named).

    The key's text is in the receipt and can never be read again. Asking twice makes two keys.
    """
    row = locked_client(client)
    wanted = row.scopes if scopes is None else checked_scopes(scopes, row.scopes)
    return _issue(row, name, wanted, expires_at, actor)


@use_case("identity.rotate_api_key")
def rotate_api_key(*, key: UUID, actor: Actor, overlap: timedelta = OVERLAP) -> KeyReceipt:
    """Replace a key by a new one of the same scopes; the old one works for ``overlap`` more.

    A key is rotated once: the next rotation starts from its successor.
    """
    old = _working(key)
    if ApiKey.objects.filter(rotated_from=old).exists():
        raise KeyNotFound
    receipt = _issue(old.client, old.name, old.scopes, None, actor, rotated_from=old)
    last = clock.now() + overlap
    ApiKey.objects.filter(id=old.id).update(
        expires_at=min(last, old.expires_at) if old.expires_at else last
    )
    return receipt


@use_case("identity.revoke_api_key")
def revoke_api_key(*, key: UUID, actor: Actor) -> None:
    """Refuse the key from now on. Repeating changes nothing."""
    row = ApiKey.objects.select_for_update().filter(id=key).first()
    if row is None:
        raise KeyNotFound
    if row.revoked_at is not None:
        audit.nothing_happened()
        return
    ApiKey.objects.filter(id=row.id).update(revoked_at=clock.now())
    audit.note(public_id("key", row.id))


def _issue(
    client: ServiceClient,
    name: str,
    scopes: Sequence[str],
    expires_at: datetime | None,
    actor: Actor,
    *,
    rotated_from: ApiKey | None = None,
) -> KeyReceipt:
    secret = new_secret()
    key = ApiKey.objects.create(
        client=client,
        name=name,
        secret_sha256=digest(secret),
        scopes=list(scopes),
        rotated_from=rotated_from,
        created_at=clock.now(),
        created_by=str(actor),
        expires_at=expires_at,
    )
    audit.note(public_id("key", key.id), scopes=key.scopes)
    return KeyReceipt(key.id, credential(CredentialKind.KEY, key.id, secret).text, expires_at)


def _working(id: UUID) -> ApiKey:
    key = ApiKey.objects.select_for_update(of=("self",)).select_related("client")
    row = key.filter(id=id, revoked_at=None).first()
    if row is None or (row.expires_at is not None and row.expires_at <= clock.now()):
        raise KeyNotFound
    return row
