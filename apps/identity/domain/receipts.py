"""What the use cases of identity answer with. Secrets appear here once and nowhere else."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID


@dataclass(frozen=True, slots=True)
class ClientReceipt:
    """A new service client, or one with a new secret. ``secret`` is shown once."""

    id: UUID
    client_id: str
    secret: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class KeyReceipt:
    """A new API key. ``key`` is the whole text to send as ``Authorization: Bearer``, shown once."""

    id: UUID
    key: str = field(repr=False)
    expires_at: datetime | None


@dataclass(frozen=True, slots=True)
class TokenReceipt:
    """An access token (RFC 6749, 4.4.3)."""

    token: str = field(repr=False)
    expires_in_seconds: int
    scopes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SecondFactorDraft:
    """A second factor not yet confirmed. ``uri`` is what the QR code says (otpauth://…)."""

    device_id: int
    uri: str = field(repr=False)
    secret: str = field(repr=False)  # base 32, to be typed by hand


@dataclass(frozen=True, slots=True)
class CodeReceipt:
    """A code was right: which device gave it, and when."""

    device_id: str
    verified_at: datetime


@dataclass(frozen=True, slots=True)
class SecondFactorReceipt:
    """A second factor that now counts. The recovery codes are shown once; each works once."""

    device_id: str
    verified_at: datetime
    recovery_codes: tuple[str, ...] = field(repr=False)
