"""What webhooks answers with, and what it shows. A secret appears in a receipt, once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from apps.webhooks.domain.states import DeliveryState, EndpointState, Outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class EndpointDraft:
    """What a tenant says of an endpoint. ``rate_per_minute`` bounds how often it is called."""

    url: str
    patterns: tuple[str, ...]
    description: str = ""
    rate_per_minute: int = 600


@dataclass(frozen=True, slots=True)
class SecretReceipt:
    """A new secret of an endpoint. ``secret`` cannot be read again; the former works until then."""

    endpoint_id: UUID
    secret: str = field(repr=False)
    former_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class SecretRow:
    """A secret, without itself. ``expires_at`` is set once a newer one has taken its place."""

    created_at: datetime
    expires_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class EndpointRow:
    """An endpoint as it may be shown."""

    id: UUID
    url: str
    description: str
    patterns: tuple[str, ...]
    state: EndpointState
    state_reason: str
    rate_per_minute: int
    failing_since: datetime | None
    resting_until: datetime | None
    created_at: datetime
    created_by: str
    secrets: tuple[SecretRow, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptRow:
    """One request and what became of it. ``response_head`` is the answer's beginning, covered."""

    number: int
    outcome: Outcome
    status: int | None
    problem: str
    elapsed_ms: int | None
    response_headers: dict[str, str]
    response_head: str
    started_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryRow:
    """One message to one endpoint."""

    id: UUID
    message_id: UUID
    endpoint_id: UUID
    endpoint_url: str
    event_type: str
    subject: str
    state: DeliveryState
    attempts: int
    last_status: int | None
    last_problem: str
    created_at: datetime
    next_try_at: datetime | None
    finished_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryView:
    """A delivery with its message and every attempt, the newest first."""

    delivery: DeliveryRow
    body: str
    tries: Sequence[AttemptRow]


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryFilter:
    """Which deliveries are meant. ``since`` and ``until`` are about when they were queued."""

    endpoint_id: UUID | None = None
    state: DeliveryState | None = None
    event_type: str = ""
    since: datetime | None = None
    until: datetime | None = None
