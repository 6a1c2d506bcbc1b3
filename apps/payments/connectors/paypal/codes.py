"""The table of PayPal's codes (``codes.toml``)."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Any

from apps.payments.connectors.base import ProviderError
from apps.payments.connectors.paypal import wire

_UNKNOWN = {"standard": "unknown", "money_moved": "unknown", "retry": "after_verify"}


def of_answer(told: Mapping[str, object]) -> ProviderError:
    """What an error answer means: its first known issue, else its name."""
    issues = [wire.text(row.get("issue"), 64) for row in wire.rows(told.get("details"))]
    name = wire.text(told.get("name"), 64)
    message = wire.text(told.get("message"), 200)
    debug = wire.text(told.get("debug_id"), 40)
    said = f"{message} (debug_id {debug})" if debug else message
    for issue in issues:
        if issue in _table()["issue"]:
            return _error(_table()["issue"][issue], issue, said)
    return _error(_table()["name"].get(name, _UNKNOWN), (issues or [name])[0], said)


def of_payout(code: str, state: str, message: str) -> ProviderError:
    """Why an item was not paid: by its error, else by its state."""
    table = _table()["payout"]
    return _error(table.get(code) or table[state], code or state, message)


def _error(row: Mapping[str, Any], code: str, message: str) -> ProviderError:
    return ProviderError(row["standard"], code, message[:300], row["money_moved"], row["retry"])


@cache
def _table() -> dict[str, Any]:
    text = (resources.files(__package__ or "") / "codes.toml").read_text("utf-8")
    return tomllib.loads(text)
