"""What foreign balances are worth at the end of a day, against what they were carried at.

Each monetary account is carried at weighted average cost: what came in, at the rate of its day
(a conversion, at its own amounts). Settling a balance at another rate than it was carried at makes
a difference too; the part of it that no conversion has put into the books as realised is told in a
line of its own for each currency, so that the lines add up to the whole result (IAS 21.28).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum

from apps.ledger.domain.accounts import AccountClass
from apps.ledger.domain.fx.positions import Holding
from apps.platform.money import Money

#: Classes that hold money or claims on it; the others keep their historic value (IAS 21.23).
MONETARY = (AccountClass.ASSET, AccountClass.LIABILITY)


class RunState(StrEnum):
    """How far a revaluation is."""

    DRAFT = "draft"
    APPROVED = "approved"
    POSTED = "posted"
    SUPERSEDED = "superseded"  # a newer dry run for the day took its place
    DISCARDED = "discarded"


@dataclass(frozen=True, slots=True)
class Movement:
    """What one day, or one conversion, added to an account: on its normal side, and its value."""

    value_date: date
    amount: Money
    value: Money


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One account of a run. Balance and values are on its normal side; ``difference`` is the effect
    on the result: positive is a gain. Without an account, and without a rate, it is what was
    settled in a currency.
    """

    account: str
    name: str
    account_class: AccountClass | None
    currency: str
    balance: Money
    carried: Money
    rate: Decimal | None
    revalued: Money
    difference: Money


def carried(movements: Iterable[Movement], currency: str, functional: str) -> tuple[Holding, Money]:
    """An account's holding after its movements in order, and the differences that settling made."""
    holding, settled = Holding.none(currency, functional), Money.zero(functional)
    for movement in movements:
        holding, realised = holding.moved(movement.amount, movement.value)
        settled += realised
    return holding, settled
