"""Daraja's synchronous answers into our words. What is not proved is ``UNKNOWN``."""

from __future__ import annotations

from apps.payments.connectors.base import (
    AttemptView,
    ProviderError,
    ProviderFact,
    Result,
)
from apps.payments.connectors.mpesa import wire
from apps.payments.connectors.mpesa.codes import code, error
from apps.payments.domain.merging import EventKind
from apps.payments.domain.states import Outcome

HTTP_OK = 200
HTTP_UNAUTHORISED = 401
HTTP_TOO_MANY = 429
UNREADABLE = ProviderError(
    "provider.unreadable", "", "The answer could not be read.", "unknown", "after_verify"
)
REFUSED = ProviderError(
    "config.credentials", "401", "The access token was refused.", "no", "same_key"
)
BUSY = ProviderError(
    "provider.rate_limited", "429", "Too many requests.", "no", "same_key", retry_after_seconds=5
)


def stk_acknowledged(status: int, body: bytes, attempt: AttemptView) -> Result:
    """The answer to an STK push: accepted is not paid."""
    told = wire.document(body)
    names = {
        "checkout_request_id": wire.text(told.get("CheckoutRequestID")),
        "merchant_request_id": wire.text(told.get("MerchantRequestID")),
    }
    return _acknowledged(status, told, names, "checkout_request_id", attempt)


def b2c_acknowledged(status: int, body: bytes, attempt: AttemptView) -> Result:
    """The answer to a payout request or a status query."""
    told = wire.document(body)
    names = {"conversation_id": wire.text(told.get("ConversationID"))}
    return _acknowledged(status, told, names, "conversation_id", attempt)


def status_asked(status: int, body: bytes, attempt: AttemptView) -> Result:
    """The answer to a status query: taken in, or nothing learned. The verdict comes by callback."""
    asked = b2c_acknowledged(status, body, attempt)
    if asked.outcome == Outcome.ACCEPTED:
        return Result(Outcome.ASKED)  # the query's own conversation is not the payout's
    return Result(Outcome.UNKNOWN, error=asked.error, is_unreachable=True)


def _acknowledged(
    status: int, told: dict[str, object], names: dict[str, str], needed: str, attempt: AttemptView
) -> Result:
    if status == HTTP_OK and code(told.get("ResponseCode")) == "0" and names[needed]:
        fact = ProviderFact(EventKind.PENDING, dedupe=f"accepted:{attempt.provider_key}")
        return Result(Outcome.ACCEPTED, provider_refs=_known(names), facts=(fact,))
    return refused(status, told)


def refused(status: int, told: dict[str, object]) -> Result:
    """A synchronous refusal, from the table of errorCodes."""
    if status == HTTP_TOO_MANY:
        return Result(Outcome.NOT_SENT, error=BUSY)
    provider_code = code(told.get("errorCode"))
    if provider_code is None and status == HTTP_UNAUTHORISED:
        return Result(Outcome.NOT_SENT, error=REFUSED)
    if provider_code is None:
        return Result(Outcome.UNKNOWN, error=UNREADABLE)
    why = error("gateway", provider_code, wire.text(told.get("errorMessage")))
    if why.money_moved == "unknown":
        return Result(Outcome.UNKNOWN, error=why)
    is_repeatable = why.retry == "same_key"
    return Result(Outcome.NOT_SENT if is_repeatable else Outcome.DECLINED, error=why)


def stk_answered(status: int, body: bytes, attempt: AttemptView) -> Result:
    """The answer to an STK query. It names no receipt and no amount, only how the prompt ended."""
    told = wire.document(body)
    if status != HTTP_OK:
        return _stk_open(status, told)
    checkout = attempt.provider_refs.get("checkout_request_id", "")
    provider_code = code(told.get("ResultCode"))
    if wire.text(told.get("CheckoutRequestID")) != checkout or provider_code is None:
        return Result(Outcome.UNKNOWN, error=UNREADABLE)
    if provider_code == "0":
        fact = ProviderFact(
            EventKind.SUCCEEDED,
            dedupe=f"paid:{attempt.provider_key}",
            amount=attempt.amount,
            reference=attempt.provider_key,
        )
        return Result(Outcome.SUCCEEDED, facts=(fact,))
    why = error("stk_query", provider_code, wire.text(told.get("ResultDesc")))
    if why.standard == "provider.pending":
        return Result(Outcome.ACCEPTED)
    if why.money_moved != "no":
        return Result(Outcome.UNKNOWN, error=why)
    fact = ProviderFact(EventKind.FAILED, dedupe=f"failed:{attempt.provider_key}:{provider_code}")
    return Result(Outcome.DECLINED, facts=(fact,), error=why)


def _stk_open(status: int, told: dict[str, object]) -> Result:
    asked = refused(status, told)
    if asked.error is not None and asked.error.standard == "provider.pending":
        return Result(Outcome.ACCEPTED)
    # A question that was refused says nothing about the payment it asked about.
    return Result(Outcome.UNKNOWN, error=asked.error, is_unreachable=True)


def _known(names: dict[str, str]) -> dict[str, str]:
    return {name: value for name, value in names.items() if value}
