"""What payments refuses about telephone numbers."""

from __future__ import annotations

from dataclasses import dataclass

from apps.platform.errors import DomainError, Kind


@dataclass(eq=False, kw_only=True)
class NoPhoneNumber(DomainError):
    """The payer of this payment is not known by a phone number."""

    code = "payments/no-phone-number"
    kind = Kind.NOT_FOUND
    advice = "The payer is known by a stored payment method, or comes to the provider's page."

    intent: str


@dataclass(eq=False, kw_only=True)
class RevealReasonMissing(DomainError):
    """Whoever opens a phone number says why."""

    code = "payments/reveal-reason-missing"
    kind = Kind.INVALID
    advice = "Say in a few words what the number is needed for; it goes into the audit trail."
