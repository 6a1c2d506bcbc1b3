"""What is refused about entries that are posted together."""

from __future__ import annotations

from dataclasses import dataclass

from apps.platform.errors import DomainError, Kind


@dataclass(eq=False, kw_only=True)
class LinkedEntryRefused(DomainError):
    """Entries of one group are posted together, and another one of the group was refused."""

    code = "ledger/linked-entry-refused"
    kind = Kind.CONFLICT
    advice = "Correct the entry that was refused and send the group again."

    idempotency_key: str


@dataclass(eq=False, kw_only=True)
class RefusalNotFound(DomainError):
    """There is no refusal with this id."""

    code = "ledger/refusal-not-found"
    kind = Kind.NOT_FOUND
    advice = "Check the id."

    refusal_id: str
