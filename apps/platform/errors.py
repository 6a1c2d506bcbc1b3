"""The one shape of a refusal.

A ``DomainError`` says which rule was broken and carries the facts. It knows nothing of HTTP: each
entry point (API, console, worker) translates ``kind`` for itself.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from enum import StrEnum
from typing import Any, ClassVar, cast


class Kind(StrEnum):
    """What the caller can do about it."""

    INVALID = "invalid"  # can never succeed as written
    NOT_FOUND = "not_found"
    FORBIDDEN = "forbidden"
    CONFLICT = "conflict"  # clashes with the present state
    UNAVAILABLE = "unavailable"  # the same request may succeed later


@dataclass(eq=False, kw_only=True)
class DomainError(Exception):
    """A rule of the house was broken."""

    code: ClassVar[str] = "house/refused"
    kind: ClassVar[Kind] = Kind.INVALID
    #: What a person should do about it; shown by the console after the title.
    advice: ClassVar[str] = ""
    # Not fields: they are no facts of the rule, but of this one request.
    #: Where in the request it stands, as a JSON pointer; empty for the whole of it.
    pointer = ""
    #: What else is wrong with the same request, each as the error it would be by itself.
    others = cast("tuple[DomainError, ...]", ())
    #: The answer was given before, under the same key.
    is_replay = False

    @property
    def title(self) -> str:
        """The rule in one sentence: the first line of the class docstring."""
        return (self.__doc__ or "").strip().splitlines()[0]

    @property
    def facts(self) -> dict[str, Any]:
        """The error's own fields; they carry no secrets and no personal data."""
        return {fact.name: getattr(self, fact.name) for fact in fields(self)}

    @property
    def detail(self) -> str:
        """The facts in one line."""
        return ", ".join(f"{name}={value}" for name, value in self.facts.items())

    def __str__(self) -> str:
        return f"{self.title} ({self.detail})" if self.facts else self.title

    def __reduce__(self) -> tuple[Any, ...]:
        return _rebuild, (type(self), self.facts)


def _rebuild(error: type[DomainError], facts: dict[str, Any]) -> DomainError:
    return error(**facts)


@dataclass(eq=False, kw_only=True)
class NoTenant(DomainError):
    """One must know whose books it is about, and no tenant was chosen."""

    code = "platform/no-tenant"
    kind = Kind.INVALID


@dataclass(eq=False, kw_only=True)
class IdempotencyKeyMissing(DomainError):
    """A call that changes something needs an Idempotency-Key of 1 to 255 visible letters."""

    code = "platform/idempotency-key-missing"
    kind = Kind.INVALID
    advice = "Send a fresh UUID for each intention, and the same one again when you repeat it."


@dataclass(eq=False, kw_only=True)
class IdempotencyKeyReused(DomainError):
    """The Idempotency-Key was already used for a different request."""

    code = "platform/idempotency-key-reused"
    kind = Kind.INVALID
    advice = "Use a new key for a new intention, or repeat the first request unchanged."


@dataclass(eq=False, kw_only=True)
class RequestInFlight(DomainError):
    """The first request with this Idempotency-Key is still being worked on."""

    code = "platform/request-in-flight"
    kind = Kind.CONFLICT
    advice = "Wait as long as Retry-After says and send the same request again."

    retry_after_seconds: int = 1


@dataclass(eq=False, kw_only=True)
class Busy(DomainError):
    """The books are busy or cannot be reached; nothing is known to have been changed."""

    code = "platform/busy"
    kind = Kind.UNAVAILABLE
    advice = "Send the same request again, with the same Idempotency-Key."

    retry_after_seconds: int = 1


@dataclass(eq=False, kw_only=True)
class UnknownCursor(DomainError):
    """The cursor was not given out for this list."""

    code = "platform/unknown-cursor"
    kind = Kind.INVALID
    advice = "Follow the next and previous links as they are, or start without a cursor."


@dataclass(eq=False, kw_only=True)
class CallFailed(DomainError):
    """A call to another system brought no answer."""

    code = "platform/call-failed"
    kind = Kind.UNAVAILABLE

    host: str
    reason: str
    #: The redacted record of the call, for the attempt it belongs to; not a fact for callers.
    record: dict[str, Any] = field(default_factory=dict, repr=False)

    @property
    def facts(self) -> dict[str, Any]:
        """Whom we called, and what went wrong."""
        return {"host": self.host, "reason": self.reason}


@dataclass(eq=False, kw_only=True)
class NotSent(CallFailed):
    """Nothing of the call left us: no connection was made, so nothing can have happened there."""

    code = "platform/not-sent"
    kind = Kind.UNAVAILABLE


@dataclass(eq=False, kw_only=True)
class AnswerLost(CallFailed):
    """The call was sent, in part at least, and no whole answer came: its outcome is not known.

    Not to be repeated blindly, hence no kind that workers retry: ask the other side what it knows.
    """

    code = "platform/answer-lost"
    kind = Kind.CONFLICT


@dataclass(eq=False, kw_only=True)
class AddressRefused(NotSent):
    """The address is not one on the public internet that we would call for a stranger."""

    code = "platform/address-refused"
    kind = Kind.INVALID
    advice = "Give an https address with a host name that is reachable from anywhere."


@dataclass(eq=False, kw_only=True)
class SecretMissing(DomainError):
    """A credential that this needs is not kept where credentials are kept."""

    code = "platform/secret-missing"
    kind = Kind.UNAVAILABLE
    advice = "Ask whoever operates the platform to store it."

    path: str
    key: str


@dataclass(eq=False, kw_only=True)
class SecretsUnreachable(DomainError):
    """The keeper of credentials does not answer, or does not let us in."""

    code = "platform/secrets-unreachable"
    kind = Kind.UNAVAILABLE

    reason: str


@dataclass(eq=False, kw_only=True)
class SealBroken(DomainError):
    """What was sealed cannot be opened with any key of this program."""

    code = "platform/seal-broken"
    kind = Kind.UNAVAILABLE
    advice = "Give the program its former key back in SECRET_KEY_FALLBACKS, or make a new secret."

    purpose: str


@dataclass(eq=False, kw_only=True)
class FileNameRefused(DomainError):
    """A file's name must be a plain path below the tenant's own folder."""

    code = "platform/file-name-refused"
    kind = Kind.INVALID


@dataclass(eq=False, kw_only=True)
class FileNameTaken(DomainError):
    """A file that is kept for good already has this name, and says something else."""

    code = "platform/file-name-taken"
    kind = Kind.CONFLICT


@dataclass(eq=False, kw_only=True)
class UnknownJob(DomainError):
    """There is no such job."""

    code = "platform/unknown-job"
    kind = Kind.NOT_FOUND


@dataclass(eq=False, kw_only=True)
class UnknownJobKind(DomainError):
    """Nobody knows how to do a job of that kind."""

    code = "platform/unknown-job-kind"
    kind = Kind.INVALID

    job_kind: str


@dataclass(eq=False, kw_only=True)
class JobOver(DomainError):
    """The job has ended already."""

    code = "platform/job-over"
    kind = Kind.CONFLICT

    state: str


@dataclass(eq=False, kw_only=True)
class JobNotResumable(DomainError):
    """Only a job that failed or was stopped, and can go on where it was, is taken up again."""

    code = "platform/job-not-resumable"
    kind = Kind.CONFLICT
    advice = "Look at the job's state; ask for the same work again if it cannot go on."

    state: str
