"""Carrying out a quote: one journal entry, both positions, one row."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from apps.ledger.domain import AccountClass, EntryDraft, Side
from apps.ledger.domain.fx import CONVERSION_KIND, Holding, Terms, conversion_legs
from apps.ledger.domain.periods import Late
from apps.ledger.errors import AccountNotFound
from apps.ledger.errors.fx import OppositeAccounts, QuoteExpired, QuoteNotFound, QuoteUsed
from apps.ledger.events import CurrencyConverted
from apps.ledger.models import Account, FxConversion, FxPosition, FxQuote
from apps.ledger.selectors.fx.conversions import ConversionRow, conversion, terms_of
from apps.ledger.services.fx.accounts import open_missing
from apps.ledger.services.fx.quotes import database_now
from apps.ledger.services.posting import Instruction, write
from apps.ledger.services.retries import again_when_in_the_way
from apps.platform import audit, clock
from apps.platform.actors import Actor
from apps.platform.events import record
from apps.platform.ids import public_id
from apps.platform.money import Money
from apps.platform.tenant import current_tenant
from apps.platform.use_cases import use_case


@again_when_in_the_way
@use_case("ledger.convert")
def convert(  # noqa: PLR0913  the facts of a conversion, each by name
    *,
    quote_id: UUID,
    sell_account: str,
    buy_account: str,
    idempotency_key: str,
    actor: Actor,
    description: str = "",
    value_date: date | None = None,
) -> ConversionRow:
    """Convert at the quoted amounts: ``sell_account`` falls, ``buy_account`` rises.

    Posts one entry through the position accounts, balanced in each currency on its own, with the
    spread as a leg of its own. What closes a position is realised at its average cost in the same
    entry. A quote is used once and only while it is valid by the database's clock: the same key
    answers with the first conversion, another is refused with ``QuoteUsed``. Limits of accounts
    hold as for any posting.
    """
    quote = FxQuote.objects.select_for_update().filter(id=quote_id).first()
    if quote is None:
        raise QuoteNotFound(quote=public_id("fxq", quote_id))
    used = FxConversion.objects.filter(quote=quote).first()
    if used is not None:
        return _replayed(used, idempotency_key)
    accepted_at = database_now()
    if accepted_at >= quote.expires_at:
        raise QuoteExpired(
            quote=public_id("fxq", quote.id), expired_at=quote.expires_at.isoformat()
        )
    row = FxConversion(
        quote=quote,
        sell_account=_account(sell_account),
        buy_account=_account(buy_account),
        description=description or _described(terms_of(quote)),
        idempotency_key=idempotency_key,
        value_date=value_date or clock.today(current_tenant().zone),
        accepted_at=accepted_at,
        converted_at=clock.now(),
        converted_by=str(actor),
        **{name: getattr(quote, name) for name in _SETTLED},
    )
    row.direction = _direction(row)
    _move_positions(row)
    _post(row, actor)
    row.save(force_insert=True)
    _announce(row)
    return conversion(row.id)


_SETTLED = (
    "sell_currency",
    "buy_currency",
    "functional_currency",
    "sell_minor",
    "sell_position_minor",
    "sell_rounding_minor",
    "spread_minor",
    "buy_minor",
    "buy_position_minor",
    "buy_rounding_minor",
    "value_minor",
    "sell_value_minor",
    "buy_value_minor",
    "mid",
    "spread_bps",
)


def _replayed(used: FxConversion, idempotency_key: str) -> ConversionRow:
    if used.idempotency_key != idempotency_key:
        raise QuoteUsed(quote=public_id("fxq", used.quote_id), conversion=public_id("fxc", used.id))
    audit.nothing_happened()
    return conversion(used.id)


def _account(code: str) -> Account:
    account = Account.objects.filter(code=code).first()
    if account is None:
        raise AccountNotFound(account=code)
    return account


def _direction(row: FxConversion) -> int:
    """1 when selling is a debit: the customer's wallet falls and our position rises."""
    sides = [
        AccountClass(account.account_class).normal_side
        for account in (row.sell_account, row.buy_account)
    ]
    if sides[0] is not sides[1]:
        raise OppositeAccounts(sell_account=row.sell_account.code, buy_account=row.buy_account.code)
    return 1 if sides[0] is Side.CREDIT else -1


def _move_positions(row: FxConversion) -> None:
    """Both positions, locked in the order of their codes; the results go onto the row."""
    functional = row.functional_currency
    value = Money(row.direction * row.value_minor, functional)
    changes = {
        row.sell_currency: (row.direction * row.sell_position_minor, value),
        row.buy_currency: (-row.direction * row.buy_position_minor, -value),
    }
    realised = {row.sell_currency: 0, row.buy_currency: 0}
    for currency in sorted(changes.keys() - {functional}):
        FxPosition.objects.bulk_create(
            [FxPosition(currency=currency, functional_currency=functional)], ignore_conflicts=True
        )
        position = FxPosition.objects.select_for_update().get(currency=currency)
        minor, worth = changes[currency]
        holding, result = _holding(position).moved(Money(minor, currency), worth)
        position.quantity_minor = holding.quantity.minor
        position.carried_minor = holding.carried.minor
        position.realised_minor += result.minor
        position.save(update_fields=["quantity_minor", "carried_minor", "realised_minor"])
        realised[currency] = result.minor
    row.sell_realised_minor = realised[row.sell_currency]
    row.buy_realised_minor = realised[row.buy_currency]


def _holding(position: FxPosition) -> Holding:
    return Holding(
        Money(position.quantity_minor, position.currency),
        Money(position.carried_minor, position.functional_currency),
    )


def _post(row: FxConversion, actor: Actor) -> None:
    legs = conversion_legs(
        terms=terms_of(row),
        sell_account=row.sell_account.code,
        buy_account=row.buy_account.code,
        direction=row.direction,
        result=Money(row.sell_realised_minor + row.buy_realised_minor, row.functional_currency),
    )
    open_missing(legs)
    draft = EntryDraft(
        kind=CONVERSION_KIND,
        description=row.description,
        value_date=row.value_date,
        source_event=public_id("fxq", row.quote_id),
        postings=legs,
        metadata={"conversion": public_id("fxc", row.id)},
        late=Late.REFUSE,
    )
    instruction = Instruction(
        draft=draft, idempotency_key=row.idempotency_key, fingerprint=draft.fingerprint()
    )
    row.entry_id = write([instruction], actor)[0].entry_id


def _announce(row: FxConversion) -> None:
    terms: Terms = terms_of(row)
    id = public_id("fxc", row.id)
    record(
        CurrencyConverted(
            conversion_id=id,
            quote_id=public_id("fxq", row.quote_id),
            entry_id=row.entry_id,
            sell_account=row.sell_account.code,
            buy_account=row.buy_account.code,
            sell=terms.sell,
            buy=terms.buy,
            spread=terms.spread,
            mid=f"{row.mid:f}",
            value_date=row.value_date,
        ),
        aggregate=id,
    )
    audit.note(id, terms=str(row))


def _described(terms: Terms) -> str:
    return f"Convert {terms.sell} to {terms.buy}"
