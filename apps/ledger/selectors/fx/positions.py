"""What the house is exposed to."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from apps.ledger.domain.fx import Mid, converted
from apps.ledger.errors.fx import RateMissing, RateStale
from apps.ledger.models import FxPosition
from apps.ledger.selectors.fx.rates import mid_rate
from apps.platform.money import Money


@dataclass(frozen=True, slots=True, kw_only=True)
class Exposure:
    """A position: what is held through conversions (negative: owed), its cost and its worth now.

    ``worth`` and ``unrealised`` are missing when there is no valid rate; ``why_not`` says so.
    """

    quantity: Money
    carried: Money
    rate: Decimal | None
    worth: Money | None
    unrealised: Money | None
    realised: Money
    why_not: str


def exposures(at: datetime | None = None) -> list[Exposure]:
    """Every position, by currency. The rate is that of ``at``, or of now."""
    return [_exposure(row, at) for row in FxPosition.objects.order_by("currency")]


def _exposure(row: FxPosition, at: datetime | None) -> Exposure:
    quantity = Money(row.quantity_minor, row.currency)
    carried = Money(row.carried_minor, row.functional_currency)
    mid: Mid | None = None
    why_not = ""
    try:
        mid = mid_rate(row.currency, row.functional_currency, at)
    except (RateMissing, RateStale) as error:
        why_not = error.title
    worth = converted(quantity, row.functional_currency, mid.value) if mid else None
    return Exposure(
        quantity=quantity,
        carried=carried,
        rate=mid.rate if mid else None,
        worth=worth,
        unrealised=worth - carried if worth is not None else None,
        realised=Money(row.realised_minor, row.functional_currency),
        why_not=why_not,
    )
