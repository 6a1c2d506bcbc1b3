"""What is refused of files exchanged with banks."""

from __future__ import annotations

from dataclasses import dataclass

from apps.platform.errors import DomainError, Kind


@dataclass(eq=False, kw_only=True)
class UnreadableFile(DomainError):
    """A bank file must be whole, of reasonable size, and in the format it was read as.

    ``place`` says where: a line, an entry, or ``file``. Readers raise nothing else.
    """

    code = "payments/unreadable-bank-file"
    advice = "Ask the bank for the file again, and check that the right format was chosen."

    format: str
    place: str
    reason: str


@dataclass(eq=False, kw_only=True)
class UnknownBankFile(DomainError):
    """There is no such bank file."""

    code = "payments/unknown-bank-file"
    kind = Kind.NOT_FOUND


@dataclass(eq=False, kw_only=True)
class PayeeDoesNotFit(DomainError):
    """A rail of files pays bank accounts, every other rail something else."""

    code = "payments/payee-does-not-fit"

    account: str


@dataclass(eq=False, kw_only=True)
class UnprovedBankFile(DomainError):
    """The balances of a bank statement must follow from its entries."""

    code = "payments/unproved-bank-file"
    advice = "Ask the bank for the whole statement; nothing of this one was used."

    difference_minor: int


@dataclass(eq=False, kw_only=True)
class BankFileOfAnotherAccount(DomainError):
    """A statement must be about the account whose folder it came to."""

    code = "payments/bank-file-of-another-account"


@dataclass(eq=False, kw_only=True)
class BankFileContradicts(DomainError):
    """A bank file says something of a payout that does not fit what we know of it.

    What it says of the others was taken in.
    """

    code = "payments/bank-file-contradicts"
    kind = Kind.CONFLICT

    payout: str
    field: str


@dataclass(eq=False, kw_only=True)
class BankFileNotAside(DomainError):
    """Only a file that was put aside can be read again or discarded."""

    code = "payments/bank-file-not-aside"
    kind = Kind.CONFLICT
    advice = "Reload the page: it may have been read by now."

    state: str


@dataclass(eq=False, kw_only=True)
class ReasonMissing(DomainError):
    """A reason is missing."""

    code = "payments/reason-missing"
    advice = "Say why: colleagues and auditors read it."
