"""Everything settlements refuses."""

from __future__ import annotations

from dataclasses import dataclass

from apps.platform.errors import DomainError, Kind


@dataclass(eq=False, kw_only=True)
class NotFound(DomainError):
    """There is no such object in these books."""

    code = "settlements/not-found"
    kind = Kind.NOT_FOUND
    advice = "Check the reference; it may belong to another tenant."

    what: str
    reference: str


@dataclass(eq=False, kw_only=True)
class ForbiddenTransition(DomainError):
    """An object can only move to a state that follows its present one."""

    code = "settlements/forbidden-transition"
    kind = Kind.CONFLICT
    advice = "Somebody else was faster, or this was done already. Reload the page."

    what: str
    reference: str
    from_state: str
    to_state: str


@dataclass(eq=False, kw_only=True)
class PayeeConflict(DomainError):
    """A payee reference belongs to one payee and cannot name another."""

    code = "settlements/payee-conflict"
    kind = Kind.CONFLICT
    advice = "Use a new reference, or change the payee's details."

    reference: str


@dataclass(eq=False, kw_only=True)
class InvalidDetails(DomainError):
    """Payout details must be a phone or an account that money can be sent to."""

    code = "settlements/invalid-details"
    advice = "Correct the fields that are named; look for a typing error."

    payee: str
    problems: dict[str, str]


@dataclass(eq=False, kw_only=True)
class OwnDetails(DomainError):
    """Payout details are decided on by somebody other than whoever wrote them."""

    code = "settlements/own-details"
    kind = Kind.FORBIDDEN
    advice = "Ask a colleague with the approver role."

    payee: str


@dataclass(eq=False, kw_only=True)
class DetailsDecided(DomainError):
    """Each version of payout details is verified or rejected once, and lifted when verified."""

    code = "settlements/details-decided"
    kind = Kind.CONFLICT
    advice = "Reload the page: somebody else has decided, or it must be verified first."

    details: str


@dataclass(eq=False, kw_only=True)
class DetailsNotUsable(DomainError):
    """Money goes only to the newest verified details of a payee, once they have cooled."""

    code = "settlements/details-not-usable"
    kind = Kind.CONFLICT
    advice = "Have the details verified, wait until they have cooled, or drop the line."

    payee: str
    state: str


@dataclass(eq=False, kw_only=True)
class UnreadablePayees(DomainError):
    """A file of payees is a CSV whose first row names the columns."""

    code = "settlements/unreadable-payees"
    advice = "Download the template and fill it in; save it as CSV in UTF-8."

    reason: str


@dataclass(eq=False, kw_only=True)
class InvalidSchedule(DomainError):
    """A schedule says when, where from and on what terms money goes out, each of it possible."""

    code = "settlements/invalid-schedule"
    advice = "Correct the field that is named."

    field: str
    reason: str


@dataclass(eq=False, kw_only=True)
class NothingToPay(DomainError):
    """A batch needs at least one amount that is due and above the minimum payout."""

    code = "settlements/nothing-to-pay"
    kind = Kind.CONFLICT
    advice = "Wait until something is owed, or look at the payables in the ledger."

    currency: str


@dataclass(eq=False, kw_only=True)
class SelfApproval(DomainError):
    """A batch is decided by somebody other than the people who made it."""

    code = "settlements/self-approval"
    kind = Kind.FORBIDDEN
    advice = "Ask a colleague with the approver role."

    batch: str


@dataclass(eq=False, kw_only=True)
class ContentsChanged(DomainError):
    """An approval covers exactly the lines that were shown."""

    code = "settlements/contents-changed"
    kind = Kind.CONFLICT
    advice = "Reload the page, read the lines again and decide on what is there now."

    batch: str


@dataclass(eq=False, kw_only=True)
class AlreadyDecided(DomainError):
    """Each person decides once on a batch."""

    code = "settlements/already-decided"
    kind = Kind.CONFLICT

    batch: str


@dataclass(eq=False, kw_only=True)
class ReasonMissing(DomainError):
    """A decision against something, and the end of a break, need a reason in words."""

    code = "settlements/reason-missing"
    advice = "Write in the comment what should be different, or what explains it."

    reference: str


@dataclass(eq=False, kw_only=True)
class FloatShort(DomainError):
    """The float must cover everything a batch sends out."""

    code = "settlements/float-short"
    kind = Kind.CONFLICT
    advice = "Top up the provider account, or pay a smaller batch first."

    provider_account: str
    available_minor: int
    needed_minor: int
    currency: str


@dataclass(eq=False, kw_only=True)
class UnreadableStatement(DomainError):
    """A statement file must follow the profile it was imported with."""

    code = "settlements/unreadable-statement"
    advice = "Check that the right file and the right profile were chosen."

    line: int
    reason: str


@dataclass(eq=False, kw_only=True)
class UnprovedStatement(DomainError):
    """Opening balance plus all lines must equal the closing balance."""

    code = "settlements/unproved-statement"
    advice = "The file is incomplete or was changed. Download it again from the provider."

    opening_minor: int
    lines_minor: int
    closing_minor: int


@dataclass(eq=False, kw_only=True)
class StatementGap(DomainError):
    """A statement continues the ones before it: their lines together reach its closing balance."""

    code = "settlements/statement-gap"
    kind = Kind.CONFLICT
    advice = "Import the missing period first, in the same format as before."

    reached_minor: int
    closing_minor: int


@dataclass(eq=False, kw_only=True)
class NotAPayIn(DomainError):
    """Only a line that brought money, under a reference our books don't know, is a pay-in."""

    code = "settlements/not-a-pay-in"
    kind = Kind.CONFLICT
    advice = "Reload the exception: it may be explained by now."

    reference: str
