"""What payments refuses about the decisions of people."""

from __future__ import annotations

from dataclasses import dataclass

from apps.platform.errors import DomainError, Kind


@dataclass(eq=False, kw_only=True)
class VerbNotAllowed(DomainError):
    """What is asked for cannot be done with it now."""

    code = "payments/verb-not-allowed"
    kind = Kind.CONFLICT
    advice = "Its page shows what can be done, and why the rest cannot."

    thing: str
    verb: str
    why: str


@dataclass(eq=False, kw_only=True)
class ShownHasChanged(DomainError):
    """What is decided about is not what was shown."""

    code = "payments/shown-has-changed"
    kind = Kind.CONFLICT
    advice = "Reload the page and read it again; ask anew if the attempt has changed."

    thing: str


@dataclass(eq=False, kw_only=True)
class EvidenceMissing(DomainError):
    """What people say about an unknown outcome is written down with its evidence."""

    code = "payments/evidence-missing"
    advice = "Say how you know, and of a success name the provider's reference."

    field: str


@dataclass(eq=False, kw_only=True)
class ReferenceInBooks(DomainError):
    """That movement of the provider is in the books already."""

    code = "payments/reference-in-books"
    kind = Kind.CONFLICT
    advice = "Look it up: another payment, or an unmatched pay-in to be applied, has it."

    reference: str


@dataclass(eq=False, kw_only=True)
class UnknownRuling(DomainError):
    """There is no such ruling."""

    code = "payments/unknown-ruling"
    kind = Kind.NOT_FOUND
    advice = "Rulings are listed under their attempts."

    ruling: str


@dataclass(eq=False, kw_only=True)
class UnknownAttempt(DomainError):
    """There is no such attempt."""

    code = "payments/unknown-attempt"
    kind = Kind.NOT_FOUND
    advice = "Attempts are listed with their payments."

    attempt: str


@dataclass(eq=False, kw_only=True)
class UnknownPayInRefund(DomainError):
    """There is no such wish to give a pay-in back."""

    code = "payments/unknown-pay-in-refund"
    kind = Kind.NOT_FOUND
    advice = "They are listed with their pay-ins."

    refund: str


@dataclass(eq=False, kw_only=True)
class UnknownStray(DomainError):
    """There is no such strayed money."""

    code = "payments/unknown-stray"
    kind = Kind.NOT_FOUND
    advice = "List strayed money to see what waits."

    stray: str


@dataclass(eq=False, kw_only=True)
class UnknownDiscrepancy(DomainError):
    """There is no such discrepancy."""

    code = "payments/unknown-discrepancy"
    kind = Kind.NOT_FOUND
    advice = "List discrepancies to see what is open."

    discrepancy: str


@dataclass(eq=False, kw_only=True)
class ReplayHasChanged(DomainError):
    """Other callbacks than were counted would be processed again."""

    code = "payments/replay-has-changed"
    kind = Kind.CONFLICT
    advice = "Count again and confirm that number."

    counted: int
    found: int
