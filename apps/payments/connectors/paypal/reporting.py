"""PayPal's own books: balances, and the list of transactions."""

from __future__ import annotations

from collections.abc import Mapping

from apps.payments.connectors.accounts import BalanceReading
from apps.payments.connectors.paypal import wire
from apps.payments.domain.receipts import ProviderTransaction
from apps.platform.money import Money

#: Transaction event codes, by their beginning: https://developer.paypal.com/docs/transaction-search/transaction-event-codes/
_KINDS = (
    ("T0001", "payout"),
    ("T00", "pay_in"),
    ("T03", "deposit"),
    ("T04", "withdrawal"),
    ("T1106", "reversal"),
    ("T1107", "refund"),
    ("T1110", "hold"),
    ("T1111", "hold"),
    ("T1114", "reversal"),
    ("T12", "chargeback"),
    ("T11", "reversal"),
    ("T01", "fee"),
)
_DONE = "S"


def balances(told: Mapping[str, object]) -> tuple[BalanceReading, ...]:
    """One reading per currency."""
    at = wire.moment(told.get("as_of_time"))
    found = []
    for row in wire.rows(told.get("balances")):
        available = wire.money(row.get("available_balance"))
        total = wire.money(row.get("total_balance"))
        if total is not None:
            held = wire.money(row.get("withheld_balance"))
            found.append(BalanceReading(available=available or total, reserved=held, at=at))
    return tuple(found)


def lines(told: Mapping[str, object]) -> list[ProviderTransaction]:
    """The finished transactions of one page, each fee as a line of its own."""
    found: list[ProviderTransaction] = []
    for row in wire.rows(told.get("transaction_details")):
        info = wire.inner(row, "transaction_info")
        if info.get("transaction_status") == _DONE:
            found.extend(_lines(info))
    return found


def _lines(info: Mapping[str, object]) -> list[ProviderTransaction]:
    name, amount = wire.text(info.get("transaction_id")), wire.money(info.get("transaction_amount"))
    at = wire.moment(info.get("transaction_initiation_date"))
    if not name or amount is None or at is None:
        raise ValueError("a transaction without id, amount or time")
    fee = wire.money(info.get("fee_amount"))
    balance = wire.money(info.get("ending_balance"))
    code = wire.text(info.get("transaction_event_code"))
    line = ProviderTransaction(
        reference=name,
        at=at,
        amount=amount,
        balance=Money(balance.minor - fee.minor, balance.currency) if balance and fee else balance,
        details=code,
        kind=next((kind for start, kind in _KINDS if code.startswith(start)), "other"),
        account_reference=wire.text(info.get("invoice_id")),
        linked_reference=wire.text(info.get("paypal_reference_id")),
    )
    if fee is None or not fee.minor:
        return [line]
    kept = ProviderTransaction(
        reference=name,
        at=at,
        amount=fee,
        balance=balance,
        details=f"{code} fee",
        kind="fee",
        linked_reference=name,
    )
    return [line, kept]
