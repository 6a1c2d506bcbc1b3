"""Everything identity refuses."""

from __future__ import annotations

from dataclasses import dataclass

from apps.platform.errors import DomainError, Kind


@dataclass(eq=False, kw_only=True)
class UserNotFound(DomainError):
    """There is no such user here."""

    code = "identity/user-not-found"
    kind = Kind.NOT_FOUND


@dataclass(eq=False, kw_only=True)
class SessionNotFound(DomainError):
    """There is no such session of yours."""

    code = "identity/session-not-found"
    kind = Kind.NOT_FOUND
    advice = "Look at the list again: it may have ended by itself."


@dataclass(eq=False, kw_only=True)
class UsernameTaken(DomainError):
    """Another user already signs in with this name."""

    code = "identity/username-taken"
    kind = Kind.CONFLICT
    advice = "Choose another user name."

    username: str


@dataclass(eq=False, kw_only=True)
class WeakPassword(DomainError):
    """The password is too easy to guess."""

    code = "identity/weak-password"
    kind = Kind.INVALID
    advice = "Use at least 15 characters, for example four unrelated words."

    reasons: tuple[str, ...]


@dataclass(eq=False, kw_only=True)
class WrongPassword(DomainError):
    """The present password is not right."""

    code = "identity/wrong-password"
    kind = Kind.FORBIDDEN
    advice = "Type the password you signed in with."


@dataclass(eq=False, kw_only=True)
class UnknownRole(DomainError):
    """There is no role of that name."""

    code = "identity/unknown-role"
    kind = Kind.NOT_FOUND

    role: str


@dataclass(eq=False, kw_only=True)
class UnknownPermission(DomainError):
    """A role grants only permissions of the catalogue."""

    code = "identity/unknown-permission"
    kind = Kind.INVALID

    permission: str


@dataclass(eq=False, kw_only=True)
class SelfGrant(DomainError):
    """Nobody changes their own roles or switches themselves off."""

    code = "identity/self-grant"
    kind = Kind.FORBIDDEN
    advice = "Ask another administrator."


@dataclass(eq=False, kw_only=True)
class UnknownScope(DomainError):
    """A credential carries only scopes of the catalogue, and a key only those of its client."""

    code = "identity/unknown-scope"
    kind = Kind.INVALID

    scope: str


@dataclass(eq=False, kw_only=True)
class BadNetwork(DomainError):
    """The allow-list holds something that is not an IP network."""

    code = "identity/bad-network"
    kind = Kind.INVALID
    advice = "Write networks as 196.201.214.0/24 or 2001:db8::/32."

    network: str


@dataclass(eq=False, kw_only=True)
class ClientNotFound(DomainError):
    """There is no such service client here."""

    code = "identity/client-not-found"
    kind = Kind.NOT_FOUND


@dataclass(eq=False, kw_only=True)
class KeyNotFound(DomainError):
    """There is no such API key here, or it no longer works."""

    code = "identity/key-not-found"
    kind = Kind.NOT_FOUND


@dataclass(eq=False, kw_only=True)
class CredentialRefused(DomainError):
    """The credential is wrong, expired, revoked, or not to be used from this address."""

    code = "identity/credential-refused"
    kind = Kind.FORBIDDEN


@dataclass(eq=False, kw_only=True)
class ScopeMissing(DomainError):
    """The credential does not carry the scope this needs."""

    code = "identity/scope-missing"
    kind = Kind.FORBIDDEN
    advice = "Use a credential with this scope, or ask for it to be added to the service client."

    required: str


@dataclass(eq=False, kw_only=True)
class PermissionMissing(DomainError):
    """Your roles do not allow this."""

    code = "identity/permission-missing"
    kind = Kind.FORBIDDEN
    advice = "Ask an administrator of your organisation for a role that does."

    permission: str


@dataclass(eq=False, kw_only=True)
class TooManyAttempts(DomainError):
    """Too many wrong attempts; wait before the next."""

    code = "identity/too-many-attempts"
    kind = Kind.UNAVAILABLE
    advice = "Wait a moment, then try again."

    retry_after_seconds: int


@dataclass(eq=False, kw_only=True)
class WrongCode(DomainError):
    """The code is wrong, or was used before."""

    code = "identity/wrong-code"
    kind = Kind.FORBIDDEN
    advice = "Wait for your authenticator to show the next code and type that one."


@dataclass(eq=False, kw_only=True)
class NoSecondFactor(DomainError):
    """No second factor has been set up for this account."""

    code = "identity/no-second-factor"
    kind = Kind.CONFLICT
    advice = "Set up an authenticator app under Account, Second factor."


@dataclass(eq=False, kw_only=True)
class SecondFactorExists(DomainError):
    """The account already has a second factor."""

    code = "identity/second-factor-exists"
    kind = Kind.CONFLICT
    advice = "Have an administrator remove it before you set up another."


@dataclass(eq=False, kw_only=True)
class StepUpRequired(DomainError):
    """A second-factor code less than five minutes old is needed for this."""

    code = "identity/step-up-required"
    kind = Kind.FORBIDDEN
    advice = "Confirm with a code from your authenticator app, then try again."
