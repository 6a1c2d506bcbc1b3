"""What is refused about accounts and the chart they stand in."""

from __future__ import annotations

from dataclasses import dataclass

from apps.platform.errors import DomainError, Kind


@dataclass(eq=False, kw_only=True)
class AccountNotFound(DomainError):
    """There is no account with this code."""

    code = "ledger/account-not-found"
    kind = Kind.NOT_FOUND
    advice = "Check the account code."

    account: str


@dataclass(eq=False, kw_only=True)
class AccountDiffers(DomainError):
    """An account with this code exists and is not the one described."""

    code = "ledger/account-differs"
    kind = Kind.CONFLICT
    advice = "Choose another code, or use the account as it is."

    account: str
    differences: list[str]


@dataclass(eq=False, kw_only=True)
class ParentNotHeader(DomainError):
    """An account stands below a header account of its own class."""

    code = "ledger/parent-not-header"
    kind = Kind.INVALID
    advice = "Choose a header account of the same class as the parent."

    account: str
    parent: str


@dataclass(eq=False, kw_only=True)
class AccountNotEmpty(DomainError):
    """An account is closed only when its balance is zero."""

    code = "ledger/account-not-empty"
    kind = Kind.CONFLICT
    advice = "Move the rest to another account first."

    account: str
    balance_minor: int
    currency: str
