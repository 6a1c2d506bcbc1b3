"""What an answer that is no success means: by its status, and the table ``codes.toml``."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib import resources
from typing import Any

from apps.payments.connectors.base import ProviderError, Result
from apps.payments.connectors.stripe import wire
from apps.payments.domain.states import Outcome

OK = 200
_BAD_REQUEST, _UNAUTHORISED, _CARD, _FORBIDDEN, _NOT_FOUND = 400, 401, 402, 403, 404
_CONFLICT, _TOO_MANY, _BROKEN = 409, 429, 500
UNREADABLE = ProviderError(
    "provider.unreadable", "", "The answer could not be read.", "unknown", "after_verify"
)


def refused(status: int, document: dict[str, object]) -> Result:
    """A synchronous refusal. What is not proved is ``UNKNOWN``."""
    told = wire.inner(document, "error")
    message = wire.text(told.get("message"))[:300]
    code = wire.text(told.get("code"))[:64]
    if status == _TOO_MANY or (status == _BAD_REQUEST and code == "rate_limit"):
        return _not_sent("provider.rate_limited", "429", message, seconds=2)
    if status in {_UNAUTHORISED, _FORBIDDEN}:
        return _not_sent("config.credentials", code or str(status), message)
    if status == _CARD and told:
        return Result(Outcome.DECLINED, error=decline(told))
    if status in {_BAD_REQUEST, _NOT_FOUND} and told:
        return _invalid(told, code, message)
    return _unproved(status, code, message)


def _unproved(status: int, code: str, message: str) -> Result:
    """It may have been carried out; a conflict says that a request with the key is running."""
    if status != _CONFLICT and status < _BROKEN:
        return Result(Outcome.UNKNOWN, error=UNREADABLE)
    standard = "provider.busy" if status == _CONFLICT else "provider.internal"
    why = ProviderError(standard, code or str(status), message, "unknown", "after_verify")
    return Result(Outcome.UNKNOWN, error=why)


def decline(told: dict[str, object]) -> ProviderError:
    """Why a payer's method was refused: a card error of an answer or of an intent."""
    code = wire.text(told.get("decline_code")) or wire.text(told.get("code"))
    known = _table()["decline"].get(code) or _table()["decline"]["generic_decline"]
    return _error(known, code[:64], wire.text(told.get("message"))[:300])


def _invalid(told: dict[str, object], code: str, message: str) -> Result:
    if wire.text(told.get("type")) == "idempotency_error":
        # The key came with another body before: what that one did, only asking can tell.
        why = ProviderError("request.duplicate", "idempotency_error", message, "unknown", "never")
        return Result(Outcome.UNKNOWN, error=why)
    known = _table()["request"].get(code)
    if known is None:
        known = {"standard": "request.invalid", "money_moved": "no", "retry": "never"}
    why = _error(known, code, message)
    return Result(Outcome.DECLINED if why.money_moved == "no" else Outcome.UNKNOWN, error=why)


def _not_sent(standard: str, code: str, message: str, *, seconds: int = 0) -> Result:
    why = ProviderError(standard, code, message, "no", "same_key", retry_after_seconds=seconds)
    return Result(Outcome.NOT_SENT, error=why)


def _error(known: dict[str, str], code: str, message: str) -> ProviderError:
    return ProviderError(
        standard=known["standard"],
        provider_code=code,
        message=message,
        money_moved=known["money_moved"],  # type: ignore[arg-type]  # our own table
        retry=known["retry"],  # type: ignore[arg-type]  # our own table
    )


@cache
def _table() -> dict[str, Any]:
    text = (resources.files(__package__ or "") / "codes.toml").read_text("utf-8")
    return tomllib.loads(text)
