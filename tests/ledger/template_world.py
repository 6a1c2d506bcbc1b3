"""A template that shares out a sale, and how to write it otherwise."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

Json = dict[str, Any]


def money(minor: int, currency: str = "KES") -> Json:
    return {"amount": minor, "currency": currency}


def leg(account: str, side: str, amount: Json, clearing_key: str = "") -> Json:
    return {"account": account, "side": side, "amount": amount, "clearing_key": clearing_key}


PARAMETERS: Json = {
    "amount": money(1_001),
    "commission": 250,
    "seller": "9500.one",
    "order": "A-7",
    "day": "2026-03-02",
}
#: A sale of 10.01: 2.5 % (25.025 cents) commission, a fee of 1 cent, the rest to the seller.
SALE: Json = {
    "code": "sale",
    "name": "Sale on the marketplace",
    "kind": "test.sale",
    "description": "Sale {order} of {amount}, {commission}",
    "value_date": "$day",
    "parameters": [
        {"name": "amount", "type": "money", "label": "Paid", "currency": "KES"},
        {"name": "commission", "type": "basis_points"},
        {"name": "seller", "type": "account"},
        {"name": "order", "type": "text"},
        {"name": "day", "type": "date"},
    ],
    "legs": [
        leg("9100", "debit", {"parameter": "amount"}, "{order}"),
        leg("9900", "credit", {"basis_points": "$commission", "of": "amount"}),
        leg("9600", "credit", money(1)),
        leg("$seller", "credit", {"rest": True, "currency": "KES"}),
    ],
    "examples": [
        {
            "name": "A small sale",
            "parameters": PARAMETERS,
            "legs": [
                leg("9100", "debit", money(1_001), "A-7"),
                leg("9900", "credit", money(25)),
                leg("9600", "credit", money(1)),
                leg("9500.one", "credit", money(975)),
            ],
        }
    ],
}


def changed(change: Callable[[Json], object], of: Json = SALE) -> Json:
    document = copy.deepcopy(of)
    change(document)
    return document
