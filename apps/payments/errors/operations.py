"""What payments refuses about held money, refunds and disputes."""

from __future__ import annotations

from dataclasses import dataclass

from apps.platform.errors import DomainError, Kind


@dataclass(eq=False, kw_only=True)
class NothingHeld(DomainError):
    """There is no authorisation of this payment that can be captured or let go."""

    code = "payments/nothing-held"
    kind = Kind.CONFLICT
    advice = "Reload the payment: it may be captured, void or still under way."

    intent: str
    status: str


@dataclass(eq=False, kw_only=True)
class TooMuch(DomainError):
    """More than what is left to capture or to give back."""

    code = "payments/too-much"
    kind = Kind.CONFLICT
    advice = "Ask for at most what is left; what is under way counts until it has failed."

    left_minor: int
    currency: str


@dataclass(eq=False, kw_only=True)
class NotInParts(DomainError):
    """The provider or the payment does not allow this in parts."""

    code = "payments/not-in-parts"
    kind = Kind.CONFLICT
    advice = "Ask for the whole amount."

    operation: str


@dataclass(eq=False, kw_only=True)
class AllocationNeeded(DomainError):
    """A capture of part of a payment must say whom that part belongs to."""

    code = "payments/allocation-needed"
    advice = "Give the legs; they add up to the amount that is captured."


@dataclass(eq=False, kw_only=True)
class RefundTooLate(DomainError):
    """The provider gives money back only for a time, and that is over."""

    code = "payments/refund-too-late"
    kind = Kind.CONFLICT
    advice = "Pay the customer by a payout instead."

    days: int


@dataclass(eq=False, kw_only=True)
class UnknownRefund(DomainError):
    """There is no such refund."""

    code = "payments/unknown-refund"
    kind = Kind.NOT_FOUND

    refund: str


@dataclass(eq=False, kw_only=True)
class RefundDecided(DomainError):
    """Somebody has decided about this refund already."""

    code = "payments/refund-decided"
    kind = Kind.CONFLICT
    advice = "Reload the page."

    status: str


@dataclass(eq=False, kw_only=True)
class UnknownDispute(DomainError):
    """There is no such dispute, or its payment is not ours."""

    code = "payments/unknown-dispute"
    kind = Kind.NOT_FOUND

    dispute: str


@dataclass(eq=False, kw_only=True)
class DisputeOver(DomainError):
    """The dispute is over, or was answered already."""

    code = "payments/dispute-over"
    kind = Kind.CONFLICT
    advice = "Reload the page: an answer is given once."

    status: str


@dataclass(eq=False, kw_only=True)
class NotGenuine(DomainError):
    """A callback with a wrong signature is evidence, and never processed."""

    code = "payments/not-genuine"
    kind = Kind.CONFLICT
    advice = "Check the account's signing secret; the provider sends the message again."

    callback: str
