"""Reporting v1: balances and the list of transactions, as the API's documentation shows them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from tests.worlds.paypal import books, money
from tests.worlds.paypal.call import Call
from tests.worlds.paypal.errors import Refused

_LONGEST_DAYS = 31


def balances(call: Call) -> dict[str, Any]:
    """``GET /v1/reporting/balances``."""
    wanted = call.query.get("currency_code", "ALL")
    rows: list[dict[str, Any]] = []
    for currency in books.currencies(call.world, call.merchant):
        if wanted in {"ALL", currency}:
            held = books.balance(call.world, call.merchant, currency)
            shown = money.shown(held, currency)
            rows.append(
                {
                    "currency": currency,
                    "primary": not rows,
                    "total_balance": shown,
                    "available_balance": shown,
                    "withheld_balance": money.shown(0, currency),
                }
            )
    now = call.world.stamp()
    return {"balances": rows, "account_id": call.merchant, "as_of_time": now,
            "last_refresh_time": now}  # fmt: skip


def transactions(call: Call) -> dict[str, Any]:
    """``GET /v1/reporting/transactions``: at most 31 days, paged."""
    try:
        since = datetime.fromisoformat(call.query["start_date"])
        until = datetime.fromisoformat(call.query["end_date"])
    except (KeyError, ValueError):
        raise Refused(400, "MISSING_REQUIRED_PARAMETER", field="start_date") from None
    if not 0 <= (until - since).days < _LONGEST_DAYS:
        raise Refused(400, "INVALID_DATE_RANGE", field="end_date")
    size = min(int(call.query.get("page_size", 100)), 500)
    page = int(call.query.get("page", 1))
    rows = call.world.store.rows(
        "SELECT m.*, (SELECT SUM(b.amount_minor + b.fee_minor) FROM movement b WHERE"
        " b.merchant = m.merchant AND b.currency = m.currency AND b.sequence <= m.sequence)"
        " AS ending FROM movement m WHERE merchant = ? AND at_ms >= ? AND at_ms <= ?"
        " ORDER BY sequence",
        call.merchant,
        round(since.timestamp() * 1000),
        round(until.timestamp() * 1000),
    )
    shown = rows[(page - 1) * size : page * size]
    return {
        "transaction_details": [{"transaction_info": _line(call, row)} for row in shown],
        "account_number": call.merchant,
        "start_date": call.query["start_date"],
        "end_date": call.query["end_date"],
        "last_refreshed_datetime": call.world.stamp(),
        "page": page,
        "total_items": len(rows),
        "total_pages": max(-(-len(rows) // size), 1),
        "links": [],
    }


def _line(call: Call, row: Any) -> dict[str, Any]:
    currency = row["currency"]
    line = {
        "transaction_id": row["id"],
        "transaction_event_code": row["event_code"],
        "transaction_initiation_date": call.world.stamp(row["at_ms"]),
        "transaction_updated_date": call.world.stamp(row["at_ms"]),
        "transaction_amount": money.shown(row["amount_minor"], currency),
        "transaction_status": "S",
        "ending_balance": money.shown(row["ending"], currency),
        "available_balance": money.shown(row["ending"], currency),
        "invoice_id": row["invoice_id"],
        "custom_field": row["custom_field"],
    }
    if row["fee_minor"]:
        line["fee_amount"] = money.shown(row["fee_minor"], currency)
    if row["related"]:
        line |= {"paypal_reference_id": row["related"], "paypal_reference_id_type": "TXN"}
    return {name: value for name, value in line.items() if value != ""}
