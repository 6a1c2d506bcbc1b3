"""What messaging refuses, and what it has to wait for."""

from __future__ import annotations

from dataclasses import dataclass

from apps.platform.errors import DomainError, Kind


@dataclass(eq=False, kw_only=True)
class BrokerUnavailable(DomainError):
    """The message broker cannot be reached or does not answer."""

    code = "platform/broker-unavailable"
    kind = Kind.UNAVAILABLE
    advice = "Nothing is lost: events wait in the outbox and are sent when the broker is back."

    reason: str


@dataclass(eq=False, kw_only=True)
class MalformedEvent(DomainError):
    """A message is not a CloudEvent of version 1.0 in structured JSON."""

    code = "platform/malformed-event"

    reason: str


@dataclass(eq=False, kw_only=True)
class ForeignEvent(DomainError):
    """A message names another tenant than the subject it was published on."""

    code = "platform/foreign-event"
    kind = Kind.FORBIDDEN

    subject: str
    named: str


@dataclass(eq=False, kw_only=True)
class UnknownTenant(DomainError):
    """A message's subject names a tenant that does not exist, or no longer does."""

    code = "platform/unknown-tenant"
    kind = Kind.NOT_FOUND

    slug: str


@dataclass(eq=False, kw_only=True)
class TenantNotReady(DomainError):
    """The tenant is not being served at present."""

    code = "platform/tenant-not-ready"
    kind = Kind.UNAVAILABLE

    slug: str


@dataclass(eq=False, kw_only=True)
class UnknownConsumer(DomainError):
    """No consumer of that name is part of this program."""

    code = "platform/unknown-consumer"
    kind = Kind.NOT_FOUND
    advice = "It may have been renamed since; see run_consumers --list."

    name: str


@dataclass(eq=False, kw_only=True)
class UnknownDeadLetter(DomainError):
    """There is no dead letter of that id in these books."""

    code = "platform/unknown-dead-letter"
    kind = Kind.NOT_FOUND

    id: str
