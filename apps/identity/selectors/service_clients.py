"""Service clients and their keys, as they may be shown: never a secret, never its hash."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from apps.identity.models import ApiKey, ServiceClient
from apps.platform import clock


@dataclass(frozen=True, slots=True)
class KeyRow:
    """An API key. ``state`` is active, ending (rotated, still works), expired or revoked."""

    id: UUID
    name: str
    scopes: tuple[str, ...]
    state: str
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None
    last_used_ip: str | None


@dataclass(frozen=True, slots=True)
class ClientRow:
    """A service client with its keys, newest first."""

    id: UUID
    name: str
    scopes: tuple[str, ...]
    networks: tuple[str, ...]
    is_active: bool
    created_at: datetime
    keys: tuple[KeyRow, ...]


def service_clients(limit: int = 100) -> list[ClientRow]:
    """The tenant's service clients, by name."""
    rows = ServiceClient.objects.prefetch_related("keys").order_by("name")[:limit]
    return [_client(row) for row in rows]


def service_client_by_name(name: str) -> ClientRow | None:
    """The service client of that name, or nothing."""
    row = ServiceClient.objects.prefetch_related("keys").filter(name=name).first()
    return _client(row) if row else None


def _client(row: ServiceClient) -> ClientRow:
    keys = list(row.keys.all())
    rotated = {key.rotated_from_id for key in keys}
    return ClientRow(
        id=row.id,
        name=row.name,
        scopes=tuple(row.scopes),
        networks=tuple(row.networks),
        is_active=row.is_active,
        created_at=row.created_at,
        keys=tuple(_key(key, is_rotated=key.id in rotated) for key in keys),
    )


def _key(key: ApiKey, *, is_rotated: bool) -> KeyRow:
    return KeyRow(
        id=key.id,
        name=key.name,
        scopes=tuple(key.scopes),
        state=_state(key, is_rotated=is_rotated),
        created_at=key.created_at,
        expires_at=key.expires_at,
        last_used_at=key.last_used_at,
        last_used_ip=key.last_used_ip,
    )


def _state(key: ApiKey, *, is_rotated: bool) -> str:
    if key.revoked_at is not None:
        return "revoked"
    if key.expires_at is not None and key.expires_at <= clock.now():
        return "expired"
    return "ending" if is_rotated else "active"
