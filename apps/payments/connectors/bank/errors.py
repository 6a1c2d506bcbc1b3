"""What is refused of bank files that we write. Of those we read: ``UnreadableFile``."""

from __future__ import annotations

from dataclasses import dataclass

from apps.platform.errors import DomainError


@dataclass(eq=False, kw_only=True)
class UnwritablePayment(DomainError):
    """Every field of a payment must fit the message and the character set the bank takes.

    ``payment`` is its end-to-end reference, or ``batch`` when a field of the batch is at fault.
    """

    code = "payments/unwritable-payment"
    advice = "Correct the field, or take the payment out of the batch."

    payment: str
    field: str
    reason: str


@dataclass(eq=False, kw_only=True)
class BatchTotalsDiffer(DomainError):
    """The payments written must be as many, and add up to as much, as was approved."""

    code = "payments/batch-totals-differ"
    advice = "Throw the file away, and approve the batch again as it now is."

    approved_count: int
    approved_minor: int
    written_count: int
    written_minor: int
