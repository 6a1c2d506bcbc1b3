"""What became of an attempt.

By PayPal's own name of it where we have heard one; else by our number in the order that it belongs
to. Where nothing can be looked up by our number, sending again under the same key is the question:
PayPal answers it with the first answer. So "absent" there says no more than "never acknowledged",
and the core sends again only while the key is honoured.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from urllib.parse import quote

from apps.payments.connectors.base import AttemptView, Context, ProviderError, Result
from apps.payments.connectors.paypal import account, answers, calls
from apps.payments.domain.states import Operation, Outcome

ORDERS, AUTHORIZATIONS = "/v2/checkout/orders", "/v2/payments/authorizations"
CAPTURES, REFUNDS = "/v2/payments/captures", "/v2/payments/refunds"
PAYOUTS, ITEMS = "/v1/payments/payouts", "/v1/payments/payouts-item"
#: An order that nobody agreed to is forgotten after three hours; a little more for the clocks.
ORDER_LIFE = timedelta(hours=3, minutes=15)
_NOBODY = ProviderError(
    "customer.expired", "", "Nobody agreed to the order in time.", "no", "new_attempt"
)


def at(collection: str, name: str, *rest: str) -> str:
    """The path of an object, whatever stands in its name."""
    return "/".join((collection, quote(name, safe=""), *rest))


def verify(context: Context, attempt: AttemptView) -> Result:
    """Ask what became of the attempt."""
    match attempt.operation:
        case Operation.PURCHASE | Operation.AUTHORISE:
            return _order(context, attempt)
        case Operation.CAPTURE | Operation.REFUND:
            return _part(context, attempt)
        case Operation.VOID:
            return _void(context, attempt)
        case _:
            return _payout(context, attempt)


def _order(context: Context, attempt: AttemptView) -> Result:
    refs = attempt.provider_refs
    if capture_id := refs.get("capture_id"):
        return _open(calls.ask(context, at(CAPTURES, capture_id), answers.capture))
    if held := refs.get("authorization_id"):
        return _open(calls.ask(context, at(AUTHORIZATIONS, held), answers.authorization))
    if order_id := refs.get("order_id"):
        found = calls.ask(context, at(ORDERS, order_id), answers.order)
        return _forgotten(context, attempt, found) if calls.is_absent(found) else found
    window = account.KEYS[attempt.operation].window or timedelta(0)
    if context.now() > attempt.created_at + max(window, ORDER_LIFE):
        return Result(Outcome.DECLINED, error=_NOBODY)  # its link never reached anybody
    return Result(Outcome.ABSENT)


def _forgotten(context: Context, attempt: AttemptView, found: Result) -> Result:
    """A carried-out order is not forgotten, so one that is gone after its time was not paid."""
    is_over = context.now() > attempt.created_at + ORDER_LIFE
    if is_over:
        return replace(found, outcome=Outcome.DECLINED, error=_NOBODY)
    return _open(found)


def _part(context: Context, attempt: AttemptView) -> Result:
    """A capture of held money, or a refund."""
    is_refund = attempt.operation == Operation.REFUND
    name = attempt.provider_refs.get("refund_id" if is_refund else "capture_id")
    if name:
        collection = REFUNDS if is_refund else CAPTURES
        read = answers.refund if is_refund else answers.capture
        return _open(calls.ask(context, at(collection, name), read))
    parent = attempt.parent.provider_refs if attempt.parent else {}
    if order_id := parent.get("order_id"):
        return _in_order(context, attempt, order_id)
    return Result(Outcome.ABSENT)


def _in_order(context: Context, attempt: AttemptView, order_id: str) -> Result:
    read = answers.refund if attempt.operation == Operation.REFUND else answers.capture

    def found(told: answers.Told) -> Result:
        part = answers.made_under(told, answers.part_of(attempt.operation), attempt)
        return read(part) if part is not None else Result(Outcome.ABSENT)

    return calls.ask(context, at(ORDERS, order_id), found)


def _void(context: Context, attempt: AttemptView) -> Result:
    parent = attempt.parent.provider_refs if attempt.parent else {}
    name = parent.get("authorization_id", "")
    path = at(AUTHORIZATIONS, name)
    return calls.ask(context, path, lambda told: answers.voided(told, attempt))


def _payout(context: Context, attempt: AttemptView) -> Result:
    refs = attempt.provider_refs
    if item := refs.get("payout_item_id"):
        return _open(calls.ask(context, at(ITEMS, item), answers.item))
    if batch := refs.get("payout_batch_id"):
        path = f"{at(PAYOUTS, batch)}?page_size=10"
        key = attempt.provider_key
        return _open(calls.ask(context, path, lambda told: answers.batch(told, key)))
    return Result(Outcome.ABSENT)


def _open(found: Result) -> Result:
    """What PayPal named itself does not vanish: not being found proves nothing."""
    if calls.is_absent(found):
        return replace(found, outcome=Outcome.UNKNOWN, error=answers.UNREADABLE)
    return found
