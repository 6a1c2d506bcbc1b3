"""The table of Daraja's codes (``codes.toml``)."""

from __future__ import annotations

import re
import tomllib
from functools import cache
from importlib import resources
from typing import Any

from apps.payments.connectors.base import ProviderError

_FORM = re.compile(r"[A-Za-z0-9_.]{1,32}")


def code(value: object) -> str | None:
    """A result code as text. Codes come as ``0``, ``"0"`` and ``"R000002"``.

    ``False`` and a missing code are no code: written naively, ``False == 0`` would be "paid".
    """
    if isinstance(value, bool) or value is None:
        return None
    if isinstance(value, int):
        return str(value)
    text = value.strip() if isinstance(value, str) else ""
    return text if _FORM.fullmatch(text) else None


def error(table: str, provider_code: str | None, message: str) -> ProviderError:
    """What a code of that table means; unknown for one that is not in it."""
    rows = _table()
    known = rows[table].get(provider_code or "")
    if known is None and table == "stk_query":
        known = rows["stk"].get(provider_code or "")
    if table == "gateway":
        known = _by_message(rows["message"], provider_code, message) or known
    if known is None:
        known = {"standard": "unknown", "money_moved": "unknown", "retry": "after_verify"}
    return ProviderError(
        standard=known["standard"],
        provider_code=provider_code or "",
        message=message[:300],
        money_moved=known["money_moved"],
        retry=known["retry"],
    )


def _by_message(
    rows: list[dict[str, str]], provider_code: str | None, message: str
) -> dict[str, str] | None:
    told = message.lower()
    for row in rows:
        if row["code"] == provider_code and row["contains"] in told:
            return row
    return None


@cache
def _table() -> dict[str, Any]:
    text = (resources.files(__package__ or "") / "codes.toml").read_text("utf-8")
    return tomllib.loads(text)
