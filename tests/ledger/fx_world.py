"""A tenant that trades: rates, wallets and banks in three currencies."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from django.db import connection

from apps.ledger.domain import credit, debit
from apps.ledger.domain.fx import FixedSide, RateDraft
from apps.ledger.selectors.fx import ConversionRow
from apps.ledger.services import open_account, post_entry
from apps.ledger.services.fx import convert, quote_conversion, record_provider_rates
from apps.platform import clock
from apps.platform.actors import SYSTEM, Actor
from apps.platform.ids import new_id
from apps.platform.money import Money
from apps.platform.tenant import current_tenant
from tests.ledger.conftest import draft

WALLETS = {"KES": "9800.kes", "USD": "9800.usd", "EUR": "9800.eur"}
BANKS = {"KES": "9300", "USD": "9310", "EUR": "9320"}


def open_trading_chart() -> None:
    for currency, code in WALLETS.items():
        open_account(
            code=code,
            name=f"Wallet {currency}",
            account_class="liability",
            currency=currency,
            floor_minor=0,
            actor=SYSTEM,
        )
    for currency, code in BANKS.items():
        open_account(
            code=code, name=f"Bank {currency}", account_class="asset", currency=currency,
            actor=SYSTEM,
        )  # fmt: skip


def say(pair: str, rate: str, begins: datetime | None = None, days: float = 1) -> int:
    """A provider's rate, from now on."""
    base, quote = pair.split("/")
    begins = begins or clock.now()
    made = RateDraft(
        base=base,
        quote=quote,
        rate=Decimal(rate),
        valid_from=begins,
        valid_until=begins + timedelta(days=days),
    )
    return record_provider_rates(provider="desk", drafts=[made], actor=SYSTEM)


@contextmanager
def later(**by: float) -> Iterator[None]:
    """Within the block our clock, not the database's, is so much ahead."""
    moment = clock.now() + timedelta(**by)
    with clock.reading(lambda: moment):
        yield


def on(day: str) -> datetime:
    """Noon of a day, in UTC."""
    return datetime.fromisoformat(f"{day}T12:00").replace(tzinfo=UTC)


def deposit(amount: Money, day: datetime | None = None) -> None:
    """A customer brings money: it is in the bank and on the wallet."""
    legs = [debit(BANKS[amount.currency], amount), credit(WALLETS[amount.currency], amount)]
    moment = day or clock.now()
    made = draft(*legs, value_date=moment.date(), description="Deposit")
    post_entry(draft=made, idempotency_key=str(new_id()), actor=SYSTEM)


def change(
    sell: Money,
    other: str,
    *,
    accounts: dict[str, str] = WALLETS,
    bps: int = 0,
    side: FixedSide = FixedSide.SELL,
    actor: Actor = SYSTEM,
) -> ConversionRow:
    """A quote and its conversion, today."""
    quote = quote_conversion(
        fixed=sell,
        side=side,
        other=other,
        spread_bps=bps,
        idempotency_key=str(new_id()),
        actor=actor,
    )
    return convert(
        quote_id=quote.id,
        sell_account=accounts[quote.terms.sell.currency],
        buy_account=accounts[quote.terms.buy.currency],
        value_date=clock.today(current_tenant().zone),
        idempotency_key=str(new_id()),
        actor=actor,
    )


def execute(statement: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(statement)
        return cursor.rowcount
