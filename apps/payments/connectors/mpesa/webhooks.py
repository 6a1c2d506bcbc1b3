"""Daraja's callbacks into our words.

Nothing is signed; the address is the proof of origin (``apps.payments.domain.tokens``). Kinds of
address: ``stk``, ``result`` and ``timeout`` of a payout, ``status`` and ``status-timeout`` of a
question about one.
"""

from __future__ import annotations

import hashlib

from apps.payments.connectors.base import (
    AttemptView,
    Interpretation,
    ProviderError,
    ProviderFact,
    RawCallback,
    Result,
)
from apps.payments.connectors.mpesa import transfers, wire
from apps.payments.connectors.mpesa.answers import UNREADABLE
from apps.payments.connectors.mpesa.codes import code, error
from apps.payments.domain.merging import EventKind
from apps.payments.domain.states import Outcome

KINDS = frozenset({"stk", "result", "timeout", "status", "status-timeout"})
NOTHING = Interpretation(Result(Outcome.UNKNOWN, error=UNREADABLE))
TIMED_OUT = ProviderError(
    "provider.timeout", "", "Not processed in time.", "unknown", "after_verify"
)
#: ``TransactionStatus`` values that are final without money having moved.
_ENDED = {"cancelled", "declined", "expired", "failed"}
_NO_SUCH_TRANSACTION = "R000002"
_COMPLETED = ("TransactionCompletedDateTime", "TransCompletedTime")


def identify(callback: RawCallback) -> str:
    """The message's name: kind, conversation, code. An unreadable one is named by its bytes."""
    told = wire.document(callback.body)
    node = wire.inner(told, "Body", "stkCallback") or wire.inner(told, "Result")
    conversation = wire.text(node.get("CheckoutRequestID")) or wire.text(node.get("ConversationID"))
    if not conversation:
        return f"{callback.kind}:{hashlib.sha256(callback.body).hexdigest()}"
    said = code(node.get("ResultCode")) or f"?{node.get('ResultCode')!r}"[:40]
    return f"{callback.kind}:{conversation}:{wire.text(node.get('ResultType'))}:{said}"[:190]


def interpret(callback: RawCallback, attempt: AttemptView) -> Interpretation:
    """What the message says about the attempt."""
    told = wire.document(callback.body)
    match callback.kind:
        case "stk":
            return _stk(wire.inner(told, "Body", "stkCallback"), attempt)
        case "result":
            return _payout(wire.inner(told, "Result"), attempt)
        case "timeout":
            return Interpretation(Result(Outcome.UNKNOWN, error=TIMED_OUT))
        case "status":
            return _status(wire.inner(told, "Result"), attempt)
    return NOTHING


def _stk(node: dict[str, object], attempt: AttemptView) -> Interpretation:
    names = {
        "checkout_request_id": wire.text(node.get("CheckoutRequestID")),
        "merchant_request_id": wire.text(node.get("MerchantRequestID")),
    }
    refs = {name: value for name, value in names.items() if value}
    provider_code = code(node.get("ResultCode"))
    if provider_code is None or "checkout_request_id" not in refs:
        return Interpretation(Result(Outcome.UNKNOWN, refs, error=UNREADABLE))
    if provider_code != "0":
        return Interpretation(_refusal("stk", provider_code, node, attempt, refs))
    found = wire.items(node.get("CallbackMetadata"), "Item")
    amount = wire.money(wire.first(found, "Amount"))
    receipt = wire.text(wire.first(found, "MpesaReceiptNumber"))
    if amount is None or amount.minor <= 0 or not receipt:
        return Interpretation(Result(Outcome.UNKNOWN, refs, error=UNREADABLE))
    fact = ProviderFact(
        EventKind.SUCCEEDED,
        dedupe=f"receipt:{receipt}",
        amount=amount,
        reference=receipt,
        provider_time=wire.moment(wire.first(found, "TransactionDate")),
    )
    return Interpretation(
        Result(Outcome.SUCCEEDED, refs | {"receipt": receipt}, (fact,)),
        payer=wire.text(wire.first(found, "PhoneNumber")),
    )


def _payout(node: dict[str, object], attempt: AttemptView) -> Interpretation:
    names = {"conversation_id": wire.text(node.get("ConversationID"))}
    if transfers.knows_our_key(attempt):
        names["originator_conversation_id"] = wire.text(node.get("OriginatorConversationID"))
    refs = {name: value for name, value in names.items() if value}
    provider_code = code(node.get("ResultCode"))
    is_final = code(node.get("ResultType")) == "0"
    if provider_code is None or not is_final or "conversation_id" not in refs:
        return Interpretation(Result(Outcome.UNKNOWN, refs, error=UNREADABLE))
    if provider_code != "0":
        return Interpretation(_refusal(_table(attempt), provider_code, node, attempt, refs))
    found = wire.items(node.get("ResultParameters"), "ResultParameter")
    amount = wire.money(wire.first(found, "TransactionAmount", "Amount"))
    receipt = wire.text(wire.first(found, "TransactionReceipt") or node.get("TransactionID"))
    if amount is None or not receipt:
        return Interpretation(Result(Outcome.UNKNOWN, refs, error=UNREADABLE))
    fact = ProviderFact(
        EventKind.SUCCEEDED,
        dedupe=f"receipt:{receipt}",
        amount=amount,
        reference=receipt,
        provider_time=wire.moment(wire.first(found, *_COMPLETED)),
        data=_funds(found),
    )
    # The other party of a transfer without a phone is a shortcode, or the payer in disguise.
    named = wire.text(wire.first(found, "ReceiverPartyPublicName")) if attempt.phone else ""
    return Interpretation(
        Result(Outcome.SUCCEEDED, refs | {"receipt": receipt}, (fact,)),
        payer=named.partition(" - ")[0],
    )


def _table(attempt: AttemptView) -> str:
    return "reversal" if transfers.is_reversal(attempt) else "b2c"


def _funds(found: dict[str, list[object]]) -> dict[str, object]:
    """The balances that a result mentions: a reading of the float for nothing."""
    names = {
        "utility_minor": "B2CUtilityAccountAvailableFunds",
        "working_minor": "B2CWorkingAccountAvailableFunds",
        "charges_minor": "B2CChargesPaidAccountAvailableFunds",
    }
    read = {ours: wire.money(wire.first(found, theirs)) for ours, theirs in names.items()}
    return {name: amount.minor for name, amount in read.items() if amount is not None}


def _status(node: dict[str, object], attempt: AttemptView) -> Interpretation:
    """The verdict on a payout we asked about; it names the payout's own conversation inside."""
    provider_code = code(node.get("ResultCode"))
    if provider_code == _NO_SUCH_TRANSACTION:
        # Not having heard of it is no reason to send again what was sent under no key of ours.
        is_ours = transfers.knows_our_key(attempt)
        return Interpretation(Result(Outcome.ABSENT if is_ours else Outcome.UNKNOWN))
    if provider_code != "0":
        why = error("b2c", provider_code, wire.text(node.get("ResultDesc")))
        # The question failed (wrong operator, system busy): nothing is known about the payout.
        unknown = ProviderError(why.standard, why.provider_code, why.message, "unknown", why.retry)
        return Interpretation(Result(Outcome.UNKNOWN, error=unknown))
    found = wire.items(node.get("ResultParameters"), "ResultParameter")
    state = wire.text(wire.first(found, "TransactionStatus")).lower()
    refs = {
        "conversation_id": wire.text(wire.first(found, "ConversationID")),
    }
    if transfers.knows_our_key(attempt):
        ours = wire.text(wire.first(found, "OriginatorConversationID"))
        refs["originator_conversation_id"] = ours
    refs = {name: value for name, value in refs.items() if value}
    if state in _ENDED:
        why = ProviderError(
            "provider.declined", state, wire.text(wire.first(found, "TransactionReason")), "no",
            "new_attempt",
        )  # fmt: skip
        fact = ProviderFact(EventKind.FAILED, dedupe=f"failed:{attempt.provider_key}:{state}")
        return Interpretation(Result(Outcome.DECLINED, refs, (fact,), why))
    if state != "completed":
        return Interpretation(Result(Outcome.ACCEPTED, refs))
    return Interpretation(_completed(found, refs))


def _completed(found: dict[str, list[object]], refs: dict[str, str]) -> Result:
    amount = wire.money(wire.first(found, "Amount"))
    receipt = wire.text(wire.first(found, "ReceiptNo"))
    if amount is None or not receipt:
        return Result(Outcome.UNKNOWN, refs, error=UNREADABLE)
    fact = ProviderFact(
        EventKind.SUCCEEDED,
        dedupe=f"receipt:{receipt}",
        amount=amount,
        reference=receipt,
        provider_time=wire.moment(wire.first(found, "FinalisedTime")),
    )
    return Result(Outcome.SUCCEEDED, refs | {"receipt": receipt}, (fact,))


def _refusal(
    table: str,
    provider_code: str,
    node: dict[str, object],
    attempt: AttemptView,
    refs: dict[str, str],
) -> Result:
    why = error(table, provider_code, wire.text(node.get("ResultDesc")))
    if why.money_moved != "no":
        return Result(Outcome.UNKNOWN, refs, error=why)
    fact = ProviderFact(EventKind.FAILED, dedupe=f"failed:{attempt.provider_key}:{provider_code}")
    return Result(Outcome.DECLINED, refs, (fact,), why)
