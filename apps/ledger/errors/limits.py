"""What is refused about velocity limits and balance monitors."""

from __future__ import annotations

from dataclasses import dataclass

from apps.platform.errors import DomainError, Kind


@dataclass(eq=False, kw_only=True)
class LimitExceeded(DomainError):
    """The entry would move more than a velocity limit allows in its window.

    ``over`` is by how much, in minor units or in entries as ``measure`` says; ``resets_at`` is when
    the next window begins (UTC).
    """

    code = "ledger/limit-exceeded"
    kind = Kind.CONFLICT
    advice = "Wait for the next window, or ask a treasurer to end the limit and set another."

    velocity_limit: str
    account: str
    measure: str
    currency: str
    most: int
    over: int
    resets_at: str


@dataclass(eq=False, kw_only=True)
class LimitNotFound(DomainError):
    """There is no running velocity limit or balance monitor with this code."""

    code = "ledger/limit-not-found"
    kind = Kind.NOT_FOUND
    advice = "Check the code; one that has ended stays ended."

    limit_code: str


@dataclass(eq=False, kw_only=True)
class LimitDiffers(DomainError):
    """The code belongs to another limit or monitor, or to one that has ended."""

    code = "ledger/limit-differs"
    kind = Kind.CONFLICT
    advice = "Choose another code; end the running one first if it is to be replaced."

    limit_code: str


@dataclass(eq=False, kw_only=True)
class LimitUnsound(DomainError):
    """A velocity limit stands for one account or for a class, and a monitor for one account."""

    code = "ledger/limit-unsound"
    kind = Kind.INVALID
    advice = "Correct what is named."

    reason: str
