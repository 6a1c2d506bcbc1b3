"""What cannot be taken back."""

from __future__ import annotations

from dataclasses import dataclass

from apps.platform.errors import DomainError, Kind


@dataclass(eq=False, kw_only=True)
class ReversalExceedsRemaining(DomainError):
    """No more of a leg can be taken back than remains of it."""

    code = "ledger/reversal-exceeds-remaining"
    kind = Kind.CONFLICT
    advice = "Look at what remains of each leg and ask for no more than that."

    entry_id: str
    leg: int
    remaining_minor: int
    asked_minor: int


@dataclass(eq=False, kw_only=True)
class NothingToReverse(DomainError):
    """A reversal takes back something of at least one leg."""

    code = "ledger/nothing-to-reverse"
    kind = Kind.INVALID
    advice = "Give an amount above zero for at least one debit and one credit."

    entry_id: str
