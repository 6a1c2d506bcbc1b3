"""What webhooks refuses."""

from __future__ import annotations

from dataclasses import dataclass

from apps.platform.errors import DomainError, Kind


@dataclass(eq=False, kw_only=True)
class UnknownEndpoint(DomainError):
    """There is no such webhook endpoint."""

    code = "webhooks/unknown-endpoint"
    kind = Kind.NOT_FOUND


@dataclass(eq=False, kw_only=True)
class UnknownDelivery(DomainError):
    """There is no such delivery."""

    code = "webhooks/unknown-delivery"
    kind = Kind.NOT_FOUND


@dataclass(eq=False, kw_only=True)
class BadPattern(DomainError):
    """An event pattern has lower-case letters, digits, underscores, full stops and stars only."""

    code = "webhooks/bad-pattern"
    kind = Kind.INVALID
    advice = "Write payments.* for all events of an app, or * for every event."

    pattern: str


@dataclass(eq=False, kw_only=True)
class NoPatterns(DomainError):
    """An endpoint wants between 1 and 50 patterns of events."""

    code = "webhooks/no-patterns"
    kind = Kind.INVALID
    advice = "Write * for every event."


@dataclass(eq=False, kw_only=True)
class TooManyEndpoints(DomainError):
    """An organisation has no more endpoints than the house can watch over."""

    code = "webhooks/too-many-endpoints"
    kind = Kind.CONFLICT
    advice = "Remove an endpoint that is no longer needed."

    most: int


@dataclass(eq=False, kw_only=True)
class EndpointNotActive(DomainError):
    """The endpoint is not called in its present state."""

    code = "webhooks/endpoint-not-active"
    kind = Kind.CONFLICT
    advice = "Activate the endpoint first."

    state: str


@dataclass(eq=False, kw_only=True)
class RotationUnderWay(DomainError):
    """An endpoint has at most two working secrets, and the former one still works."""

    code = "webhooks/rotation-under-way"
    kind = Kind.CONFLICT
    advice = "Wait until it has ended, or end it by rotating without an overlap."

    former_until: str


@dataclass(eq=False, kw_only=True)
class StillUnderWay(DomainError):
    """The delivery is still being tried."""

    code = "webhooks/still-under-way"
    kind = Kind.CONFLICT
    advice = "Wait for its outcome; its next try is on its page."

    state: str
