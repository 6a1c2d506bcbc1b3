"""What recurring entries refuse."""

from __future__ import annotations

from dataclasses import dataclass

from apps.platform.errors import DomainError, Kind


@dataclass(eq=False, kw_only=True)
class RecurringNotFound(DomainError):
    """There is no such recurring entry."""

    code = "ledger/recurring-not-found"
    kind = Kind.NOT_FOUND
    advice = "Look in the list of recurring entries."

    recurring: str


@dataclass(eq=False, kw_only=True)
class RecurringUnsound(DomainError):
    """A recurring entry names its days: a step, a first day, and a last one that is not before."""

    code = "ledger/recurring-unsound"
    kind = Kind.INVALID
    advice = "Correct what is named."

    problem: str


@dataclass(eq=False, kw_only=True)
class RecurringCannotMove(DomainError):
    """The recurring entry cannot go to that state from where it is."""

    code = "ledger/recurring-cannot-move"
    kind = Kind.CONFLICT
    advice = "Look again: somebody has dealt with it meanwhile. What has ended stays so."

    recurring: str
    from_state: str
    to_state: str


@dataclass(eq=False, kw_only=True)
class RecurringSelfApproval(DomainError):
    """Whoever wrote a recurring entry does not approve it."""

    code = "ledger/recurring-self-approval"
    kind = Kind.FORBIDDEN
    advice = "Ask a colleague who may approve."

    recurring: str


@dataclass(eq=False, kw_only=True)
class RecurringChanged(DomainError):
    """The recurring entry is not what was shown when it was approved."""

    code = "ledger/recurring-changed"
    kind = Kind.CONFLICT
    advice = "Read it again and approve what it says."

    recurring: str
