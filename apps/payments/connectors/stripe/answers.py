"""Stripe's objects into our words. Pure; what is not proved is ``UNKNOWN``."""

from __future__ import annotations

from dataclasses import replace

from apps.payments.connectors.base import (
    PayerAction,
    ProviderError,
    ProviderFact,
    Result,
)
from apps.payments.connectors.stripe import amounts, codes, translate, wire
from apps.payments.domain.merging import EventKind
from apps.payments.domain.states import Operation, Outcome
from apps.platform.money import Money

Document = dict[str, object]
UNREADABLE = Result(Outcome.UNKNOWN, error=codes.UNREADABLE)
_WAITING = {"requires_payment_method", "requires_confirmation", "requires_action"}
_LAPSED = "customer.expired"


def answered(status: int, document: Document, kind: str) -> bool:
    """Whether this is an object of that kind at all."""
    return status == codes.OK and document.get("object") == kind


def intent(status: int, document: Document, operation: Operation) -> Result:
    """An answer about a payment intent; a decline brings the intent with it."""
    if answered(status, document, "payment_intent"):
        return read_intent(document, operation)
    result = codes.refused(status, document)
    shown = wire.inner(document, "error", "payment_intent")
    return replace(result, provider_refs=_refs(payment_intent=shown))


def read_intent(document: Document, operation: Operation) -> Result:
    """What an intent says about collecting or holding."""
    refs = _refs(payment_intent=document)
    state = wire.text(document.get("status"))
    if "payment_intent" not in refs:
        return UNREADABLE
    if state == "canceled":
        return _cancelled(document, refs, operation)
    if state in _WAITING:
        return _waiting(document, refs)
    return _taken(document, refs, operation)


def _taken(document: Document, refs: dict[str, str], operation: Operation) -> Result:
    """The payer has done their part."""
    state = document.get("status")
    if operation == Operation.AUTHORISE and state in {"requires_capture", "succeeded"}:
        return _held(document, refs)
    if operation == Operation.PURCHASE and state == "succeeded":
        return _paid(document, refs)
    if state == "processing":
        fact = ProviderFact(EventKind.PENDING, dedupe=f"processing:{refs['payment_intent']}")
        return Result(Outcome.ACCEPTED, refs, (fact,))
    return replace(UNREADABLE, provider_refs=refs)


def _paid(document: Document, refs: dict[str, str]) -> Result:
    charge = document.get("latest_charge")
    amount = amounts.read(document.get("amount_received"), document.get("currency"))
    reference = wire.id_of(charge)
    if amount is None or amount.minor <= 0 or not reference:
        return replace(UNREADABLE, provider_refs=refs)
    fact = ProviderFact(
        EventKind.SUCCEEDED,
        dedupe=f"paid:{reference}",
        amount=amount,
        fee=fee(charge, amount),
        reference=reference,
        provider_time=wire.moment(wire.inner(charge).get("created")),
    )
    return Result(Outcome.SUCCEEDED, refs | {"charge": reference}, (fact,))


def _held(document: Document, refs: dict[str, str]) -> Result:
    """What was held at first: later captures make ``amount_capturable`` smaller."""
    reference = wire.id_of(document.get("latest_charge"))
    amount = amounts.read(document.get("amount"), document.get("currency"))
    if amount is None or amount.minor <= 0 or not reference:
        return replace(UNREADABLE, provider_refs=refs)
    fact = ProviderFact(
        EventKind.SUCCEEDED, dedupe=f"held:{reference}", amount=amount, reference=reference
    )
    return Result(Outcome.SUCCEEDED, refs | {"charge": reference}, (fact,))


def _cancelled(document: Document, refs: dict[str, str], operation: Operation) -> Result:
    """Closed: nothing can be paid any more. What had been held is let go."""
    id = refs["payment_intent"]
    failure = wire.inner(document, "last_payment_error")
    was_held = bool(wire.id_of(document.get("latest_charge"))) and not failure
    if operation == Operation.AUTHORISE and was_held:
        if document.get("cancellation_reason") != "automatic":
            return Result(Outcome.UNKNOWN, refs)  # our own voiding tells of itself
        fact = ProviderFact(EventKind.REVERSED, dedupe=f"lapsed:{id}")
        why = ProviderError(_LAPSED, "automatic", "The authorisation lapsed.", "no", "new_attempt")
        return Result(Outcome.DECLINED, refs, (fact,), error=why)
    why = (
        codes.decline(failure)
        if failure
        else ProviderError(_LAPSED, "canceled", "Nobody paid.", "no", "new_attempt")
    )
    fact = ProviderFact(EventKind.FAILED, dedupe=f"closed:{id}")
    return Result(Outcome.DECLINED, refs, (fact,), error=why)


def _waiting(document: Document, refs: dict[str, str]) -> Result:
    """For the payer, unless only we could have gone on with it and it was declined."""
    failure = wire.inner(document, "last_payment_error")
    is_ours = wire.inner(document, "metadata").get("flow") == translate.BY_SERVER
    if failure and is_ours and document.get("status") == "requires_payment_method":
        why = codes.decline(failure)
        fact = ProviderFact(EventKind.FAILED, dedupe=f"declined:{refs['payment_intent']}")
        return Result(Outcome.DECLINED, refs, (fact,), error=why)
    return Result(Outcome.ACCEPTED, refs, action=_action(document))


def _action(document: Document) -> PayerAction | None:
    url = wire.text(wire.inner(document, "next_action", "redirect_to_url").get("url"))
    if url:
        return PayerAction("redirect", url=url)
    secret = wire.text(document.get("client_secret"))
    return PayerAction("client_secret", client_secret=secret) if secret else None


def capture(status: int, document: Document, attempt_id: str) -> Result:
    """An answer about a capture: taken if the intent bears its mark."""
    if not answered(status, document, "payment_intent"):
        return codes.refused(status, document)
    return read_capture(document, attempt_id) or replace(
        UNREADABLE, provider_refs=_refs(payment_intent=document)
    )


def read_capture(document: Document, attempt_id: str) -> Result | None:
    """The capture of that attempt; nothing when the intent does not know of it."""
    mark = translate.capture_mark(attempt_id)
    marked = wire.text(wire.inner(document, "metadata").get(mark))
    reference = wire.id_of(document.get("latest_charge"))
    units = int(marked) if marked.isascii() and marked.isdigit() else 0
    amount = amounts.read(units, document.get("currency"))
    total = amounts.read(document.get("amount_received"), document.get("currency"))
    if amount is None or total is None or not reference or not 0 < amount.minor <= total.minor:
        return None
    is_all = amount == total
    fact = ProviderFact(
        EventKind.SUCCEEDED,
        dedupe=f"captured:{attempt_id}",
        amount=amount,
        fee=fee(document.get("latest_charge"), amount) if is_all else None,
        # One charge, several captures: a reference stands for one movement of money only.
        reference=reference if is_all else f"{reference}-{mark}",
    )
    refs = _refs(payment_intent=document) | {"charge": reference}
    return Result(Outcome.SUCCEEDED, refs, (fact,))


def void(status: int, document: Document) -> Result:
    """An answer about letting go."""
    if not answered(status, document, "payment_intent"):
        shown = wire.inner(document, "error", "payment_intent")
        return read_void(shown) if shown else codes.refused(status, document)
    return read_void(document)


def read_void(document: Document) -> Result:
    """Let go if the intent is closed; refused for good if it was captured meanwhile."""
    refs = _refs(payment_intent=document)
    state = document.get("status")
    if state == "canceled" and refs:
        fact = ProviderFact(EventKind.SUCCEEDED, dedupe=f"voided:{refs['payment_intent']}")
        return Result(Outcome.SUCCEEDED, refs, (fact,))
    if state == "succeeded":
        said = "The money has been captured."
        why = ProviderError("request.wrong_state", "succeeded", said, "no", "never")
        return Result(Outcome.DECLINED, refs, error=why)
    return replace(UNREADABLE, provider_refs=refs)


def refund(status: int, document: Document) -> Result:
    """An answer about a refund."""
    if not answered(status, document, "refund"):
        return codes.refused(status, document)
    return read_refund(document)


def read_refund(document: Document) -> Result:
    """Pending, done, failed, or failed after it was done."""
    refs = _refs(refund=document)
    id = refs.get("refund", "")
    amount = amounts.read(document.get("amount"), document.get("currency"))
    if amount is None or amount.minor <= 0 or not id:
        return replace(UNREADABLE, provider_refs=refs)
    match document.get("status"):
        case "succeeded":
            fact = ProviderFact(
                EventKind.SUCCEEDED, dedupe=f"refunded:{id}", amount=amount, reference=id
            )
            return Result(Outcome.SUCCEEDED, refs, (fact,))
        case "pending" | "requires_action":
            fact = ProviderFact(EventKind.PENDING, dedupe=f"pending:{id}")
            return Result(Outcome.ACCEPTED, refs, (fact,))
        case "failed" | "canceled" as ended:
            code = wire.text(document.get("failure_reason")) or ended
            said = "The refund came back."
            why = ProviderError("provider.declined", code[:64], said, "no", "new_attempt")
            fact = ProviderFact(EventKind.REVERSED, dedupe=f"refund-failed:{id}", reference=id)
            return Result(Outcome.DECLINED, refs, (fact,), error=why)
    return replace(UNREADABLE, provider_refs=refs)


def transfer(status: int, document: Document) -> Result:
    """An answer about a transfer: it is done when it exists."""
    if not answered(status, document, "transfer"):
        return codes.refused(status, document)
    return read_transfer(document)


def read_transfer(document: Document) -> Result:
    """Done, or wholly taken back. A part that came back leaves it done."""
    refs = _refs(transfer=document)
    id = refs.get("transfer", "")
    amount = amounts.read(document.get("amount"), document.get("currency"))
    if amount is None or amount.minor <= 0 or not id:
        return replace(UNREADABLE, provider_refs=refs)
    done = ProviderFact(
        EventKind.SUCCEEDED,
        dedupe=f"transferred:{id}",
        amount=amount,
        reference=id,
        provider_time=wire.moment(document.get("created")),
    )
    if document.get("reversed") is not True:
        return Result(Outcome.SUCCEEDED, refs, (done,))
    back = ProviderFact(EventKind.REVERSED, dedupe=f"reversed:{id}", reference=id)
    why = ProviderError("provider.reversed", "reversed", "Taken back.", "no", "new_attempt")
    return Result(Outcome.DECLINED, refs, (done, back), error=why)


def fee(charge: object, amount: Money) -> Money | None:
    """What Stripe kept of a charge, where its balance transaction is shown in the same currency."""
    line = wire.inner(charge, "balance_transaction")
    told = amounts.read(line.get("fee"), line.get("currency"))
    return told if told is not None and told.currency == amount.currency else None


def _refs(**named: object) -> dict[str, str]:
    return {name: id for name, shown in named.items() if (id := wire.id_of(shown))}
