"""What PayPal's webhooks say. They are read only once their signature has been proved."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from uuid import UUID

from apps.payments.connectors.accounts import AboutAttempt, AboutDispute, News
from apps.payments.connectors.base import RawCallback, Result
from apps.payments.connectors.paypal import answers, disputes, wire
from apps.payments.connectors.paypal.translate import key_in
from apps.payments.domain.states import Operation, Outcome

#: What is asked for when a webhook is registered.
EVENTS = (
    "CHECKOUT.ORDER.APPROVED", "CHECKOUT.ORDER.VOIDED",
    "PAYMENT.CAPTURE.COMPLETED", "PAYMENT.CAPTURE.DENIED", "PAYMENT.CAPTURE.DECLINED",
    "PAYMENT.CAPTURE.PENDING", "PAYMENT.CAPTURE.REFUNDED",
    "PAYMENT.REFUND.PENDING", "PAYMENT.REFUND.FAILED",
    "PAYMENT.AUTHORIZATION.CREATED", "PAYMENT.AUTHORIZATION.VOIDED",
    "PAYMENT.PAYOUTSBATCH.DENIED",
    *(f"PAYMENT.PAYOUTS-ITEM.{state}" for state in (
        "SUCCEEDED", "FAILED", "BLOCKED", "DENIED", "CANCELED", "HELD", "UNCLAIMED", "RETURNED",
        "REFUNDED", "REVERSED")),
    "CUSTOMER.DISPUTE.CREATED", "CUSTOMER.DISPUTE.UPDATED", "CUSTOMER.DISPUTE.RESOLVED",
)  # fmt: skip
Told = Mapping[str, object]


def identify(callback: RawCallback) -> str:
    """The event's own id, the same for each delivery; an unreadable body is named by its bytes."""
    name = wire.text(wire.document(callback.body).get("id"), 120)
    return f"event:{name}" if name else f"bytes:{hashlib.sha256(callback.body).hexdigest()}"


def read(callback: RawCallback) -> Sequence[News]:
    """What the event says about our attempts and disputes; nothing where it is of no interest."""
    told = wire.document(callback.body)
    kind, resource = wire.text(told.get("event_type")), wire.inner(told, "resource")
    reader = next((read for start, read in _READERS if kind.startswith(start)), _nothing)
    return reader(resource)


def _nothing(_resource: Told) -> Sequence[News]:
    return ()


def _refund(resource: Told) -> Sequence[News]:
    return _about(Operation.REFUND, resource, answers.refund(resource))


def _authorization(resource: Told) -> Sequence[News]:
    return _about(Operation.AUTHORISE, resource, answers.authorization(resource))


def _order(resource: Told) -> Sequence[News]:
    """An order has no number of its own: that of its one unit counts."""
    units = list(wire.rows(resource.get("purchase_units")))
    result = answers.order(resource)
    if len(units) != 1 or result.outcome == Outcome.UNKNOWN:
        return ()
    is_held = resource.get("intent") == "AUTHORIZE"
    return _about(Operation.AUTHORISE if is_held else Operation.PURCHASE, units[0], result)


def _capture(resource: Told) -> Sequence[News]:
    """Of an order as a whole, or of money that was held: then it carries a number of its own."""
    related = wire.inner(resource, "supplementary_data", "related_ids")
    is_of_held = bool(related.get("authorization_id"))
    operation = Operation.CAPTURE if is_of_held else Operation.PURCHASE
    return _about(operation, resource, answers.capture(resource))


def _about(operation: Operation, named: Told, result: Result) -> Sequence[News]:
    """What carries none of our numbers was done by people on PayPal's pages."""
    key = key_in(wire.text(named.get("invoice_id")), operation)
    if not key or result.error is answers.UNREADABLE:
        return ()
    amount = wire.money(named.get("amount"))
    told_id = _uuid(named.get("custom_id"))
    return (
        AboutAttempt(
            result=result,
            attempt_id=told_id if operation != Operation.CAPTURE else None,
            provider_key=key,
            operation=operation,
            currency=amount.currency if amount else "",
        ),
    )


def _item(resource: Told) -> Sequence[News]:
    detail = wire.inner(resource, "payout_item")
    key, amount = wire.text(detail.get("sender_item_id")), wire.money(detail.get("amount"))
    result = answers.item(resource)
    if not key or amount is None or result.error is answers.UNREADABLE:
        return ()
    return (
        AboutAttempt(
            result=result,
            provider_key=key,
            operation=Operation.PAYOUT,
            currency=amount.currency,
        ),
    )


def _batch(resource: Told) -> Sequence[News]:
    header = wire.inner(resource, "batch_header")
    key = wire.text(wire.inner(header, "sender_batch_header").get("sender_batch_id"))
    result = answers.batch_denied(header)
    if not key or result.outcome != Outcome.DECLINED:
        return ()
    return (AboutAttempt(result=result, provider_key=key, operation=Operation.PAYOUT),)


def _dispute(resource: Told) -> Sequence[News]:
    reference = wire.text(resource.get("dispute_id"))
    if not reference:
        return ()
    return (AboutDispute(reference=reference, report=disputes.report(resource)),)


def _uuid(told: object) -> UUID | None:
    try:
        return UUID(wire.text(told))
    except ValueError:
        return None


#: By the beginning of the event's name, the longer first.
_READERS: tuple[tuple[str, Callable[[Told], Sequence[News]]], ...] = (
    ("CUSTOMER.DISPUTE.", _dispute),
    ("CHECKOUT.ORDER.", _order),
    ("PAYMENT.CAPTURE.REFUNDED", _refund),
    ("PAYMENT.CAPTURE.REVERSED", _nothing),  # told as a dispute
    ("PAYMENT.REFUND.", _refund),
    ("PAYMENT.CAPTURE.", _capture),
    ("PAYMENT.AUTHORIZATION.", _authorization),
    ("PAYMENT.PAYOUTS-ITEM.", _item),
    ("PAYMENT.PAYOUTSBATCH.DENIED", _batch),
)
