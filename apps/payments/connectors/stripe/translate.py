"""Our words into Stripe's parameters. Pure; the same attempt always gives the same body, because a
key that comes again with another body is refused.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from apps.payments.connectors.base import AttemptView, ParentView
from apps.payments.connectors.stripe import account, amounts
from apps.payments.domain.states import Operation
from apps.platform.money import WHOLE_BPS

Params = dict[str, Any]
DESCRIPTION_LONGEST = 500
#: What is shown whole instead of by its id: the charge, and the fee in its balance transaction.
INTENT_SHOWN = ["latest_charge.balance_transaction"]
#: Who may go on with a payment that was declined: nobody but us, or the payer on the page.
BY_SERVER, BY_PAYER = "server", "payer"
_REASONS = {"duplicate": "duplicate", "fraudulent": "fraudulent"}


def intent(config: Mapping[str, object], attempt: AttemptView) -> Params:
    """``POST /v1/payment_intents`` to collect or to hold.

    With a token the payment is confirmed at once; without one the payer confirms it in a form that
    needs the client secret.
    """
    is_hold = attempt.operation == Operation.AUTHORISE
    params: Params = {
        "amount": amounts.stated(attempt.amount),
        "currency": attempt.amount.currency.lower(),
        "capture_method": "manual" if is_hold else "automatic",
        "automatic_payment_methods": {"enabled": True},
        "metadata": {**marks(attempt), "flow": flow(attempt)},
        "transfer_group": attempt.reference,
        "expand": INTENT_SHOWN,
    }
    if attempt.description:
        params["description"] = attempt.description[:DESCRIPTION_LONGEST]
    if suffix := account.text(config, "statement_suffix"):
        params["statement_descriptor_suffix"] = suffix
    if is_hold and config.get("multicapture") is True:
        params["payment_method_options"] = {"card": {"request_multicapture": "if_available"}}
    return params | _sharing(config, attempt) | _confirmation(attempt)


def flow(attempt: AttemptView) -> str:
    """Who confirms the payment."""
    return BY_SERVER if attempt.party.kind == "token" else BY_PAYER


def marks(attempt: AttemptView) -> dict[str, str]:
    """How we know an object again as ours."""
    return {
        "attempt_id": str(attempt.id),
        "operation": attempt.operation.value,
        "reference": attempt.reference[:DESCRIPTION_LONGEST],
    }


def _confirmation(attempt: AttemptView) -> Params:
    if flow(attempt) == BY_PAYER:
        return {}
    told: Params = {"payment_method": attempt.party.value, "confirm": True}
    if customer := attempt.party.details.get("customer"):
        told["customer"] = customer
    if attempt.return_url:  # the payer is there and can answer the bank
        return told | {"return_url": attempt.return_url}
    automatic = {"enabled": True, "allow_redirects": "never"}
    return told | {"off_session": True, "automatic_payment_methods": automatic}


def _sharing(config: Mapping[str, object], attempt: AttemptView) -> Params:
    """Connect: whose payment it is, where it goes, and what of it is ours."""
    told: Params = {}
    details = attempt.party.details
    destination = details.get("destination") or account.text(config, "destination")
    if destination:
        told["transfer_data"] = {"destination": destination}
    if on_behalf_of := account.text(config, "on_behalf_of"):
        told["on_behalf_of"] = on_behalf_of
    bps = config.get("application_fee_bps")
    if type(bps) is int and (destination or account.text(config, "acts_for")):
        told["application_fee_amount"] = amounts.stated(attempt.amount) * bps // WHOLE_BPS
    return {name: value for name, value in told.items() if value}


def capture(attempt: AttemptView) -> Params:
    """``POST /v1/payment_intents/{id}/capture``. The mark tells later that this one took place."""
    units = amounts.stated(attempt.amount)
    params: Params = {
        "amount_to_capture": units,
        "metadata": {capture_mark(str(attempt.id)): str(units)},
        "expand": INTENT_SHOWN,
    }
    return params if attempt.is_last_capture else params | {"final_capture": False}


def capture_mark(attempt_id: str) -> str:
    """The name of the mark that a capture leaves on its intent: 40 letters at most."""
    return f"cap_{attempt_id.replace('-', '')}"


def refund(config: Mapping[str, object], attempt: AttemptView) -> Params:
    """``POST /v1/refunds``; of a destination charge, everybody gives back their part."""
    parent = _parent(attempt)
    params: Params = {
        "payment_intent": parent.provider_refs.get("payment_intent", ""),
        "amount": amounts.stated(attempt.amount),
        "metadata": marks(attempt),
        "reason": _REASONS.get(attempt.reason, "requested_by_customer"),
        "expand": ["balance_transaction"],
    }
    if account.text(config, "destination"):
        params["reverse_transfer"] = True
    if "application_fee_bps" in config:
        params["refund_application_fee"] = True
    return params


def transfer(attempt: AttemptView) -> Params:
    """``POST /v1/transfers``: to the balance of the connected account that the payee is."""
    params: Params = {
        "amount": amounts.stated(attempt.amount),
        "currency": attempt.amount.currency.lower(),
        "destination": attempt.party.value,
        "metadata": marks(attempt),
    }
    for name in ("source_transaction", "transfer_group"):
        if value := attempt.party.details.get(name):
            params[name] = value
    if attempt.description:
        params["description"] = attempt.description[:DESCRIPTION_LONGEST]
    return params


def _parent(attempt: AttemptView) -> ParentView:
    if attempt.parent is None:
        raise ValueError(f"a {attempt.operation} needs the attempt it builds on")
    return attempt.parent


def parent_intent(attempt: AttemptView) -> str:
    """The payment intent that a capture, void or refund works on; empty when it is not known."""
    return _parent(attempt).provider_refs.get("payment_intent", "")
