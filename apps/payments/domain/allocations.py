"""Who is credited when a payment is captured."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from apps.payments.errors import AllocationMismatch
from apps.platform.money import Money


@dataclass(frozen=True, slots=True)
class Allocation:
    """One leg: ``amount`` is credited to the ledger account of that code."""

    account: str
    amount: Money


def checked(allocation: Sequence[Allocation], amount: Money) -> None:
    """Refuse legs that are not positive, of another currency, or do not add up to the amount."""
    total = sum(leg.amount.minor for leg in allocation)
    is_sound = all(
        leg.amount.minor > 0 and leg.amount.currency == amount.currency for leg in allocation
    )
    if not is_sound or total != amount.minor:
        raise AllocationMismatch(amount_minor=amount.minor, allocated_minor=total)


def credits(
    allocation: Sequence[Allocation], paid: Money, *, is_first: bool, suspense: str
) -> list[tuple[str, Money]]:
    """The credit legs for money that has really arrived.

    The first payment of at least what was asked is allocated as agreed, and what is above it goes
    to suspense. A payment that is short goes to suspense as a whole: shared out, it would pay some
    payees and hide from others that the customer still owes, and the order is not confirmed
    anyway. The same holds for a second payment of what is already paid.
    """
    asked = Money(sum(leg.amount.minor for leg in allocation), paid.currency)
    if not is_first or paid < asked:
        return [(suspense, paid)]
    legs = [(leg.account, leg.amount) for leg in allocation]
    if rest := paid - asked:
        legs.append((suspense, rest))
    return legs
