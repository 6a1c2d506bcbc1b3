"""Everything tenancy refuses."""

from __future__ import annotations

from dataclasses import dataclass

from apps.platform.errors import DomainError, Kind


@dataclass(eq=False, kw_only=True)
class TenantNotFound(DomainError):
    """No organisation is reached this way."""

    code = "tenancy/tenant-not-found"
    kind = Kind.NOT_FOUND
    advice = "Check the address."


@dataclass(eq=False, kw_only=True)
class TenantConflict(DomainError):
    """The credential, address, path and header of one request name different organisations."""

    code = "tenancy/tenant-conflict"
    kind = Kind.INVALID
    advice = "Leave the header out and use your own organisation's address."


@dataclass(eq=False, kw_only=True)
class CredentialUnknown(DomainError):
    """The credential belongs to no organisation here."""

    code = "tenancy/credential-unknown"
    kind = Kind.FORBIDDEN
    advice = "Send a credential that this installation issued."


@dataclass(eq=False, kw_only=True)
class CredentialMissing(DomainError):
    """A credential is needed to know whose books these are."""

    code = "tenancy/credential-missing"
    kind = Kind.FORBIDDEN
    advice = "Send an API key or an access token as Authorization: Bearer."


@dataclass(eq=False, kw_only=True)
class TenantNotReady(DomainError):
    """The organisation is not being served at the moment."""

    code = "tenancy/tenant-not-ready"
    kind = Kind.UNAVAILABLE
    advice = "Try again later, or ask your administrator."

    state: str


@dataclass(eq=False, kw_only=True)
class TenantClosed(DomainError):
    """The organisation has been closed for good."""

    code = "tenancy/tenant-closed"
    kind = Kind.NOT_FOUND


@dataclass(eq=False, kw_only=True)
class TenantExists(DomainError):
    """There is already an organisation of this name or at one of these addresses."""

    code = "tenancy/tenant-exists"
    kind = Kind.CONFLICT
    advice = "Choose another short name."

    slug: str


@dataclass(eq=False, kw_only=True)
class BadSlug(DomainError):
    """A short name is 2 to 40 lower-case letters, digits and inner hyphens, and not reserved."""

    code = "tenancy/bad-slug"
    kind = Kind.INVALID

    slug: str


@dataclass(eq=False, kw_only=True)
class BadTransition(DomainError):
    """An organisation cannot go from this state to that one."""

    code = "tenancy/bad-transition"
    kind = Kind.CONFLICT

    before: str
    after: str


@dataclass(eq=False, kw_only=True)
class CannotReplay(DomainError):
    """The template holds something that a new tenant would not get."""

    code = "tenancy/cannot-replay"
    kind = Kind.CONFLICT
    advice = "Teach apps.tenancy.schemas.definition to write it, or leave it out of the schemas."

    objects: tuple[str, ...]
