"""Settling the terms of a conversion before it happens."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import connection

from apps.ledger.domain import fingerprint
from apps.ledger.domain.fx import FixedSide, converted, proportion, terms
from apps.ledger.errors.fx import QuoteKeyReused
from apps.ledger.models import FxQuote
from apps.ledger.selectors.fx.conversions import QuoteRow, quote
from apps.ledger.selectors.fx.rates import mid_rate
from apps.platform import audit
from apps.platform.actors import Actor
from apps.platform.ids import public_id
from apps.platform.locks import take_turns
from apps.platform.money import Money
from apps.platform.tenant import current_tenant
from apps.platform.use_cases import use_case

LIFETIME = timedelta(seconds=30)
LIFETIME_MAX = timedelta(days=7)


@use_case("ledger.quote_conversion")
def quote_conversion(  # noqa: PLR0913  the facts of a price, each by name
    *,
    fixed: Money,
    side: FixedSide,
    other: str,
    spread_bps: int,
    idempotency_key: str,
    actor: Actor,
    lifetime: timedelta = LIFETIME,
) -> QuoteRow:
    """Offer a price that holds for ``lifetime`` by the database's clock, and is used once.

    The client names one amount, to ``side`` (sell or buy); ``other`` is the other currency. Both
    amounts and the spread are settled here, to the minor unit, and never worked out again. Refuses
    with ``RateMissing`` or ``RateStale`` when there is no valid rate. The same key and request
    answer with the first quote; the key with another request is refused.
    """
    if not timedelta() < lifetime <= LIFETIME_MAX:
        raise ValueError(f"a quote lives at most {LIFETIME_MAX}")
    request = fingerprint(
        fixed.minor, fixed.currency, side, other, spread_bps, lifetime.total_seconds()
    )
    take_turns(f"fx-quote:{idempotency_key}")
    first = FxQuote.objects.filter(idempotency_key=idempotency_key).first()
    if first is not None:
        if bytes(first.fingerprint) != request:
            raise QuoteKeyReused(quote=public_id("fxq", first.id))
        audit.nothing_happened()
        return quote(first.id)
    row = _settled(fixed, side, other, spread_bps)
    row.idempotency_key = idempotency_key
    row.fingerprint = request
    row.quoted_at = database_now()
    row.expires_at = row.quoted_at + lifetime
    row.quoted_by = str(actor)
    row.save(force_insert=True)
    audit.note(public_id("fxq", row.id), terms=str(row))
    return quote(row.id)


def _settled(fixed: Money, side: FixedSide, other: str, spread_bps: int) -> FxQuote:
    functional = current_tenant().functional_currency
    sold, bought = (fixed.currency, other) if side is FixedSide.SELL else (other, fixed.currency)
    mid = mid_rate(sold, bought)
    agreed = terms(fixed=fixed, side=side, other=other, mid=mid.value, spread_bps=spread_bps)
    if bought == functional:
        value = agreed.buy_position
    else:
        value = converted(agreed.sell_position, functional, mid_rate(sold, functional).value)
    return FxQuote(
        fixed_side=side,
        sell_currency=sold,
        buy_currency=bought,
        functional_currency=functional,
        sell_minor=agreed.sell.minor,
        sell_position_minor=agreed.sell_position.minor,
        sell_rounding_minor=agreed.sell_rounding.minor,
        spread_minor=agreed.spread.minor,
        buy_minor=agreed.buy.minor,
        buy_position_minor=agreed.buy_position.minor,
        buy_rounding_minor=agreed.buy_rounding.minor,
        value_minor=value.minor,
        sell_value_minor=proportion(agreed.sell, agreed.sell_position, value).minor,
        buy_value_minor=proportion(agreed.buy, agreed.buy_position, value).minor,
        mid=mid.rate,
        spread_bps=spread_bps,
        derivation=mid.derivation(),
    )


def database_now() -> datetime:
    """The instant by the clock that decides whether a quote is still valid."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        (now,) = cursor.fetchone()
    return now
