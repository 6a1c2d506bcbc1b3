"""Refusals of the seal, of erasing metadata, and of the posting circuit-breaker."""

from __future__ import annotations

from dataclasses import dataclass

from apps.platform.errors import DomainError, Kind


@dataclass(eq=False, kw_only=True)
class PostingStopped(DomainError):
    """Posting is stopped: an audit found the books in doubt, or a person stopped it."""

    code = "ledger/posting-stopped"
    kind = Kind.UNAVAILABLE
    advice = (
        "Nothing was posted. Send the same request again later, with the same Idempotency-Key; "
        "an administrator resumes posting once the books are understood."
    )

    reason: str
    since: str
    retry_after_seconds: int = 60


@dataclass(eq=False, kw_only=True)
class PostingNotStopped(DomainError):
    """There is nothing to resume: posting is not stopped."""

    code = "ledger/posting-not-stopped"
    kind = Kind.CONFLICT


@dataclass(eq=False, kw_only=True)
class ExplanationMissing(DomainError):
    """Stopping and resuming posting, and erasing metadata, need a reason that others can read."""

    code = "ledger/explanation-missing"
    kind = Kind.INVALID
    advice = "Say in a sentence why."


@dataclass(eq=False, kw_only=True)
class NotSealedYet(DomainError):
    """The entry is in the books, and the next run of the sealer gives it its number."""

    code = "ledger/not-sealed-yet"
    kind = Kind.UNAVAILABLE
    advice = "Ask again in a minute."

    entry_id: str
    retry_after_seconds: int = 60


@dataclass(eq=False, kw_only=True)
class NothingSealed(DomainError):
    """No entry has been sealed yet."""

    code = "ledger/nothing-sealed"
    kind = Kind.NOT_FOUND


@dataclass(eq=False, kw_only=True)
class NotAsWritten(DomainError):
    """An entry is not what was written, so it is not sealed."""

    code = "ledger/not-as-written"
    kind = Kind.CONFLICT
    advice = "Run the audit of the books and find out who changed it."

    entry_id: str


@dataclass(eq=False, kw_only=True)
class NoMetadata(DomainError):
    """There is no metadata to erase."""

    code = "ledger/no-metadata"
    kind = Kind.NOT_FOUND
    advice = "It was erased before, or there never was any."


@dataclass(eq=False, kw_only=True)
class UnknownExportFormat(DomainError):
    """The book is not exported in this format."""

    code = "ledger/unknown-export-format"
    kind = Kind.INVALID
    advice = "Choose one of the formats named."

    export_format: str
    known: list[str]
