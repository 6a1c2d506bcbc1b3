"""Taking an entry back, in full or in part: why, and how much of each leg."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from apps.ledger.domain.accounts import Side
from apps.ledger.errors import NothingToReverse, ReversalExceedsRemaining
from apps.platform.ids import public_id
from apps.platform.money import Money

PPM = 1_000_000


class ReasonCode(StrEnum):
    """Why an entry is taken back: the catalogue that reports group by."""

    CORRECTION = "correction"
    DUPLICATE = "duplicate"
    WRONG_ACCOUNT = "wrong_account"
    WRONG_AMOUNT = "wrong_amount"
    WRONG_DATE = "wrong_date"
    CUSTOMER_REQUEST = "customer_request"
    PROVIDER_CORRECTION = "provider_correction"
    FRAUD = "fraud"
    ACCRUAL = "accrual"  # ends an accrual of an earlier period

    @property
    def label(self) -> str:
        """As people say it."""
        return self.value.replace("_", " ").capitalize()


@dataclass(frozen=True, slots=True, kw_only=True)
class ReversalPart:
    """How much is taken back; one of the three, or none for all that remains.

    ``legs`` maps numbers of legs to minor units. ``share_ppm`` is a share of the whole entry in
    parts per million. ``amount`` is a sum in one currency, taken from each leg in proportion.
    """

    legs: Mapping[int, int] | None = None
    share_ppm: int | None = None
    amount: Money | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenLeg:
    """A leg of an entry, and how much of it was not taken back yet."""

    leg: int
    account: str
    side: Side
    amount: Money
    remaining: Money
    clearing_key: str


def legs_to_reverse(
    entry_id: UUID, legs: Sequence[OpenLeg], part: ReversalPart
) -> list[tuple[OpenLeg, Money]]:
    """What is taken back from each leg; never more than remains. Refuses what cannot be."""
    if part.legs is not None:
        taken = _explicit(entry_id, legs, part.legs)
    elif part.share_ppm is not None or part.amount is not None:
        taken = _in_proportion(entry_id, legs, part)
    else:
        taken = [(leg, leg.remaining) for leg in legs]
    taken = [(leg, amount) for leg, amount in taken if amount.minor > 0]
    if not taken:
        raise NothingToReverse(entry_id=public_id("je", entry_id))
    return taken


def _explicit(
    entry_id: UUID, legs: Sequence[OpenLeg], wanted: Mapping[int, int]
) -> list[tuple[OpenLeg, Money]]:
    by_number = {leg.leg: leg for leg in legs}
    taken = []
    for number, minor in sorted(wanted.items()):
        leg = by_number.get(number)
        if leg is None or not 0 <= minor <= leg.remaining.minor:
            raise ReversalExceedsRemaining(
                entry_id=public_id("je", entry_id),
                leg=number,
                remaining_minor=leg.remaining.minor if leg else 0,
                asked_minor=minor,
            )
        taken.append((leg, Money(minor, leg.remaining.currency)))
    return taken


def _in_proportion(
    entry_id: UUID, legs: Sequence[OpenLeg], part: ReversalPart
) -> list[tuple[OpenLeg, Money]]:
    """Each side of each currency gives the same sum, shared out by what remains of its legs."""
    taken: list[tuple[OpenLeg, Money]] = []
    for currency in sorted({leg.amount.currency for leg in legs}):
        if part.amount is not None and part.amount.currency != currency:
            continue
        for side in Side:
            group = [leg for leg in legs if leg.side is side and leg.amount.currency == currency]
            whole = sum(leg.amount.minor for leg in group)
            remaining = sum(leg.remaining.minor for leg in group)
            wanted = part.amount.minor if part.amount else _share(whole, part.share_ppm or 0)
            if not 0 < wanted <= remaining:
                raise ReversalExceedsRemaining(
                    entry_id=public_id("je", entry_id),
                    leg=group[0].leg,
                    remaining_minor=remaining,
                    asked_minor=wanted,
                )
            shares = Money(wanted, currency).split([leg.remaining.minor for leg in group])
            taken += zip(group, shares, strict=True)
    return sorted(taken, key=lambda one: one[0].leg)


def _share(whole: int, ppm: int) -> int:
    """``ppm`` parts per million of ``whole``, rounded half to even on the minor unit."""
    quotient, remainder = divmod(whole * ppm, PPM)
    round_up = remainder * 2 > PPM or (remainder * 2 == PPM and quotient % 2 == 1)
    return quotient + round_up
