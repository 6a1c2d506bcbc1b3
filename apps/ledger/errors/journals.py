"""What manual journals refuse."""

from __future__ import annotations

from dataclasses import dataclass

from apps.platform.errors import DomainError, Kind


@dataclass(eq=False, kw_only=True)
class ApprovalRequired(DomainError):
    """An entry like this takes the approval of other people before it is posted."""

    code = "ledger/approval-required"
    kind = Kind.FORBIDDEN
    advice = "Draft it as a manual journal and submit it for approval."

    entry_kind: str
    approvals: int


@dataclass(eq=False, kw_only=True)
class JournalNotFound(DomainError):
    """There is no such manual journal."""

    code = "ledger/journal-not-found"
    kind = Kind.NOT_FOUND
    advice = "Look in the list of manual journals."

    journal: str


@dataclass(eq=False, kw_only=True)
class JournalCannotMove(DomainError):
    """The manual journal cannot go to that state from where it is."""

    code = "ledger/journal-cannot-move"
    kind = Kind.CONFLICT
    advice = "Look again: somebody has dealt with it meanwhile."

    journal: str
    from_state: str
    to_state: str


@dataclass(eq=False, kw_only=True)
class NotManual(DomainError):
    """A manual journal is of kind manual, alone or with more behind a dot."""

    code = "ledger/not-manual"
    kind = Kind.INVALID
    advice = "Write manual, or manual.adjustment, manual.accrual and the like."

    entry_kind: str


@dataclass(eq=False, kw_only=True)
class JournalSelfApproval(DomainError):
    """Whoever made or changed a manual journal does not decide on it."""

    code = "ledger/self-approval"
    kind = Kind.FORBIDDEN
    advice = "Ask a colleague who may approve."

    journal: str


@dataclass(eq=False, kw_only=True)
class ApproverRoleMissing(DomainError):
    """The rule for this journal names the role that approves it."""

    code = "ledger/approver-role-missing"
    kind = Kind.FORBIDDEN
    advice = "Ask somebody who has one of the roles."

    roles: list[str]


@dataclass(eq=False, kw_only=True)
class JournalChanged(DomainError):
    """The journal is not what was shown when the decision was made."""

    code = "ledger/journal-changed"
    kind = Kind.CONFLICT
    advice = "Read it again and decide on what it says now."

    journal: str


@dataclass(eq=False, kw_only=True)
class AlreadyDecided(DomainError):
    """Nobody decides twice on the same round of a journal."""

    code = "ledger/already-decided"
    kind = Kind.CONFLICT
    advice = "Another person decides next."

    journal: str


@dataclass(eq=False, kw_only=True)
class ReasonMissing(DomainError):
    """Sending back or rejecting takes a reason."""

    code = "ledger/reason-missing"
    kind = Kind.INVALID
    advice = "Say why, so that its maker knows what to change."

    journal: str
