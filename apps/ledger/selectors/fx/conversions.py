"""Quotes and conversions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from django.db.models import QuerySet

from apps.ledger.domain.fx import FixedSide, Terms
from apps.ledger.errors.fx import ConversionNotFound, QuoteNotFound
from apps.ledger.models import FxConversion, FxQuote
from apps.ledger.models.fx_conversions import Settled
from apps.platform.ids import public_id
from apps.platform.money import Money

LIST_MAX = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class QuoteRow:
    """A price: what is sold and bought, and until when it can be accepted."""

    id: UUID
    fixed_side: FixedSide
    terms: Terms
    value: Money
    mid: Decimal
    spread_bps: int
    derivation: Sequence[dict[str, object]]
    quoted_at: datetime
    expires_at: datetime
    quoted_by: str
    conversion_id: UUID | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ConversionRow:
    """Money that changed its currency. ``realised`` is the result of the positions it closed."""

    id: UUID
    quote_id: UUID
    entry_id: UUID
    sell_account: str
    buy_account: str
    terms: Terms
    value: Money
    realised: Money
    mid: Decimal
    spread_bps: int
    description: str
    value_date: date
    converted_at: datetime
    converted_by: str


def quote(id: UUID) -> QuoteRow:
    """One quote. ``QuoteNotFound``."""
    row = FxQuote.objects.select_related("conversion").filter(id=id).first()
    if row is None:
        raise QuoteNotFound(quote=public_id("fxq", id))
    return quote_row(row)


def conversion(id: UUID) -> ConversionRow:
    """One conversion. ``ConversionNotFound``."""
    row = conversions_with_accounts().filter(id=id).first()
    if row is None:
        raise ConversionNotFound(conversion=public_id("fxc", id))
    return conversion_row(row)


def conversions(*, limit: int = LIST_MAX) -> list[ConversionRow]:
    """The newest conversions."""
    rows = conversions_with_accounts().order_by("-converted_at", "-id")
    return [conversion_row(row) for row in rows[:limit]]


def conversions_with_accounts() -> QuerySet[FxConversion]:
    """Conversions with all that ``conversion_row`` reads."""
    return FxConversion.objects.select_related("sell_account", "buy_account")


def quote_row(row: FxQuote) -> QuoteRow:
    """The row of a model."""
    used = getattr(row, "conversion", None)
    return QuoteRow(
        id=row.id,
        fixed_side=FixedSide(row.fixed_side),
        terms=terms_of(row),
        value=Money(row.value_minor, row.functional_currency),
        mid=row.mid,
        spread_bps=row.spread_bps,
        derivation=row.derivation,
        quoted_at=row.quoted_at,
        expires_at=row.expires_at,
        quoted_by=row.quoted_by,
        conversion_id=used.id if used else None,
    )


def conversion_row(row: FxConversion) -> ConversionRow:
    """The row of a model that was read with its accounts."""
    return ConversionRow(
        id=row.id,
        quote_id=row.quote_id,
        entry_id=row.entry_id,
        sell_account=row.sell_account.code,
        buy_account=row.buy_account.code,
        terms=terms_of(row),
        value=Money(row.value_minor, row.functional_currency),
        realised=Money(row.sell_realised_minor + row.buy_realised_minor, row.functional_currency),
        mid=row.mid,
        spread_bps=row.spread_bps,
        description=row.description,
        value_date=row.value_date,
        converted_at=row.converted_at,
        converted_by=row.converted_by,
    )


def terms_of(row: Settled) -> Terms:
    """Both sides as they were settled."""
    sold, bought = row.sell_currency, row.buy_currency
    return Terms(
        sell=Money(row.sell_minor, sold),
        sell_position=Money(row.sell_position_minor, sold),
        sell_rounding=Money(row.sell_rounding_minor, sold),
        spread=Money(row.spread_minor, sold),
        buy=Money(row.buy_minor, bought),
        buy_position=Money(row.buy_position_minor, bought),
        buy_rounding=Money(row.buy_rounding_minor, bought),
    )
