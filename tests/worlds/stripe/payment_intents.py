"""Payment intents: created, confirmed, authenticated, captured, cancelled."""

from __future__ import annotations

from typing import Any

from tests.worlds.stripe import cards, charges, events, faults, objects
from tests.worlds.stripe.call import Call
from tests.worlds.stripe.cards import MESSAGES
from tests.worlds.stripe.errors import Refused, declined, invalid, unexpected
from tests.worlds.stripe.form import Params
from tests.worlds.stripe.objects import Body
from tests.worlds.stripe.world import World

CUSTOMER, AUTHENTICATE, FINISH, EXPIRE = "customer.pay", "3ds.done", "intent.finish", "auth.expire"
AMOUNT_LEAST, AMOUNT_MOST = 50, 99_999_999
AUTHORISED_MS = 7 * 24 * 3600 * 1000
_HUNDREDS = {"isk"}
_WAITING = ("requires_payment_method", "requires_confirmation", "requires_action")


def create(call: Call) -> Body:
    """``POST /v1/payment_intents``, confirmed at once with ``confirm``."""
    params, world = call.params, call.world
    body = _read(call)
    is_confirmed, is_off_session = params.flag("confirm"), params.flag("off_session")
    named, return_url = params.text("payment_method"), params.text("return_url")
    params.done()
    if is_off_session and not is_confirmed:
        raise invalid("off_session can only be used with confirm", "off_session")
    if is_confirmed and not named:
        raise invalid("You cannot confirm without a payment method.", "payment_method")
    faults.amount_ending(world, body["amount"], call.key)
    intent = objects.add(world, "pi", "payment_intent", call.account, body)
    intent["client_secret"] = world.name(f"{intent['id']}_secret", 25)
    if named:
        intent["payment_method"] = cards.method(world, call.account, named)["id"]
        intent["status"] = "requires_confirmation"
    objects.save(world, intent)
    events.note(world, "payment_intent.created", intent, call=call)
    if is_confirmed:
        return _confirm(call, intent, return_url=return_url, is_off_session=is_off_session)
    if not named and _has_customer(world, call.platform):
        world.schedule(CUSTOMER, intent["id"], world.setting("customer_delay_ms"))
    return intent


def _read(call: Call) -> Body:
    params = call.params
    amount, currency = params.amount(), params.currency()
    if amount < AMOUNT_LEAST:
        raise invalid(
            f"Amount must be at least {AMOUNT_LEAST} {currency}", "amount", "amount_too_small"
        )
    if amount > AMOUNT_MOST:
        raise invalid(
            f"Amount must be no more than {AMOUNT_MOST} {currency}", "amount", "amount_too_large"
        )
    if currency in _HUNDREDS and amount % 100:
        raise invalid(
            f"Invalid amount. Currency {currency.upper()} has become effectively zero-decimal and"
            " charged amounts must be evenly divisible by 100.",
            "amount",
            "invalid_charge_amount_no_decimal_compatible",
        )
    automatic = params.below("automatic_payment_methods")
    is_automatic = automatic.flag("enabled")
    automatic.ignore("allow_redirects")
    options = params.below("payment_method_options").below("card")
    multicapture = options.text("request_multicapture") == "if_available"
    customer = params.text("customer")
    params.ignore("payment_method_types", "statement_descriptor_suffix", "receipt_email")
    params.ignore("setup_future_usage")
    return {
        "amount": amount,
        "amount_capturable": 0,
        "amount_details": {"tip": {}},
        "amount_received": 0,
        "application": None,
        "application_fee_amount": _application_fee(call, amount),
        "automatic_payment_methods": {"enabled": True} if is_automatic else None,
        "canceled_at": None,
        "cancellation_reason": None,
        "capture_method": params.one_of("capture_method", "automatic_async", "automatic", "manual"),
        "client_secret": None,
        "confirmation_method": params.one_of("confirmation_method", "automatic", "manual"),
        "currency": currency,
        "customer": customer or None,
        "description": params.text("description") or None,
        "last_payment_error": None,
        "latest_charge": None,
        "metadata": params.metadata(),
        "next_action": None,
        "on_behalf_of": _connected(call, params.text("on_behalf_of"), "on_behalf_of"),
        "payment_method": None,
        "payment_method_types": ["card", "us_bank_account"],
        "processing": None,
        "setup_future_usage": None,
        "status": "requires_payment_method",
        "transfer_data": _transfer_data(call, params),
        "transfer_group": params.text("transfer_group") or None,
        "_multicapture": multicapture,
    }


def _application_fee(call: Call, amount: int) -> int | None:
    fee = call.params.whole("application_fee_amount")
    if fee is None:
        return None
    if not 0 < fee <= amount:
        raise invalid("Application fee must be from 1 to the amount", "application_fee_amount")
    if not call.is_direct and not call.params.has("transfer_data"):
        raise invalid(
            "Can only apply an application_fee_amount when the PaymentIntent is attempting a direct"
            " payment (using an OAuth key or Stripe-Account header) or destination payment (using"
            " transfer_data[destination]).",
            "application_fee_amount",
        )
    return fee


def _transfer_data(call: Call, params: Params) -> Body | None:
    data = params.below("transfer_data")
    destination = _connected(call, data.text("destination"), "transfer_data[destination]")
    part = data.whole("amount")
    if destination is None:
        return None
    if part is not None and params.has("application_fee_amount"):
        raise invalid(
            "You cannot use both an amount and an application fee", "transfer_data[amount]"
        )
    return {"destination": destination} | ({"amount": part} if part else {})


def _connected(call: Call, id: str, param: str) -> str | None:
    if id:
        objects.get(call.world, id, "account", call.platform, param)
    return id or None


def _has_customer(world: World, platform: str) -> bool:
    return bool(
        world.store.number("SELECT customer_pays FROM platform WHERE account = ?", platform)
    )


def confirm(call: Call) -> Body:
    """``POST …/confirm``, with the secret key, or as Stripe.js does with the client secret."""
    params, intent = call.params, _get(call)
    named, return_url = params.text("payment_method"), params.text("return_url")
    is_off_session = params.flag("off_session")
    params.done()
    if intent["status"] not in _WAITING:
        raise _unexpected(intent, "confirm")
    if named:
        method = cards.method(call.world, call.account, named)
        intent["payment_method"] = method["id"]
    if not intent["payment_method"]:
        raise invalid("You cannot confirm without a payment method.", "payment_method")
    return _confirm(call, intent, return_url=return_url, is_off_session=is_off_session)


def _confirm(call: Call, intent: Body, *, return_url: str, is_off_session: bool) -> Body:
    method = cards.method(call.world, call.account, intent["payment_method"])
    told = charge(
        call.world,
        intent,
        method,
        call=call,
        may_ask=not is_off_session,
        return_url=return_url,
    )
    if told is not None:
        raise told
    return intent


def charge(
    world: World,
    intent: Body,
    method: Body,
    *,
    call: Call | None = None,
    may_ask: bool = True,
    is_authenticated: bool = False,
    return_url: str = "",
) -> Refused | None:
    """One try at the payer's method; answers the decline, if it was one."""
    what = cards.behaviour(method)
    intent["payment_method"], intent["next_action"] = method["id"], None
    if what.needs_action and not is_authenticated:
        if not may_ask:
            return _decline(world, intent, method, "authentication_required", call)
        _ask(world, intent, return_url, call)
        return None
    if what.code:
        return _decline(world, intent, method, what.code, call)
    if what.processes:
        made = charges.attempt(world, intent, method, "pending", call)
        intent |= {"status": "processing", "latest_charge": made["id"]}
        objects.save(world, intent)
        events.note(world, "payment_intent.processing", intent, call=call)
        world.schedule(FINISH, intent["id"], world.setting("late_delay_ms"))
        return None
    made = charges.attempt(world, intent, method, "succeeded", call)
    intent |= {"latest_charge": made["id"], "last_payment_error": None}
    if intent["capture_method"] == "manual":
        intent |= {"status": "requires_capture", "amount_capturable": intent["amount"]}
        objects.save(world, intent)
        events.note(world, "charge.succeeded", made, call=call)
        events.note(world, "payment_intent.amount_capturable_updated", intent, call=call)
        world.schedule(EXPIRE, intent["id"], AUTHORISED_MS)
        return None
    _succeed(world, intent, made, intent["amount"], call, "charge.succeeded")
    return None


def _succeed(
    world: World, intent: Body, made: Body, amount: int, call: Call | None, said: str
) -> None:
    charges.settle(world, made, amount, call)
    intent |= {"status": "succeeded", "amount_received": made["amount_captured"]}
    intent["amount_capturable"] = 0
    objects.save(world, intent)
    events.note(world, said, made, call=call)
    events.note(world, "payment_intent.succeeded", intent, call=call)


def _ask(world: World, intent: Body, return_url: str, call: Call | None) -> None:
    page = f"https://hooks.stripe.com/3d_secure_2/hosted?source={intent['id']}"
    action: dict[str, Any] = {
        "type": "use_stripe_sdk",
        "use_stripe_sdk": {"type": "three_d_secure"},
    }
    if return_url:
        action = {
            "type": "redirect_to_url",
            "redirect_to_url": {"return_url": return_url, "url": page},
        }
    intent |= {"status": "requires_action", "next_action": action}
    objects.save(world, intent)
    events.note(world, "payment_intent.requires_action", intent, call=call)
    if call is None:  # the simulated customer also answers the bank's question
        world.schedule(AUTHENTICATE, intent["id"], world.setting("late_delay_ms"))


def _decline(world: World, intent: Body, method: Body, code: str, call: Call | None) -> Refused:
    what = cards.behaviour(method)
    message = MESSAGES.get(code, MESSAGES["card_declined"])
    made = charges.attempt(world, intent, method, "failed", call)
    fault = {
        "type": "card_error",
        "code": code,
        "message": message,
        "charge": made["id"],
        "payment_method": objects.shown(world, method, []),
    }
    if what.decline_code or code == "authentication_required":
        fault["decline_code"] = what.decline_code or code
    intent |= {
        "status": "requires_payment_method",
        "payment_method": None,
        "last_payment_error": fault,
        "latest_charge": made["id"],
    }
    objects.save(world, intent)
    events.note(world, "charge.failed", made, call=call)
    events.note(world, "payment_intent.payment_failed", intent, call=call)
    return declined(
        message,
        code,
        fault.get("decline_code", ""),
        charge=made["id"],
        payment_intent=objects.shown(world, intent, []),
    )


def capture(call: Call) -> Body:
    """``POST …/capture``: all or a part; the rest is released unless it is a multicapture."""
    params, world, intent = call.params, call.world, _get(call)
    part = params.whole("amount_to_capture")
    is_final = params.flag("final_capture") if params.has("final_capture") else True
    fee = params.whole("application_fee_amount")
    marks = params.metadata()
    params.ignore("statement_descriptor_suffix")
    params.done()
    if intent["status"] != "requires_capture":
        raise _unexpected(intent, "capture")
    amount = intent["amount_capturable"] if part is None else part
    if not 0 < amount <= intent["amount_capturable"]:
        raise invalid(
            "The amount to capture must not exceed the amount that can be captured.",
            "amount_to_capture",
            "amount_too_large",
        )
    if not is_final and not intent["_multicapture"]:
        raise invalid("This payment does not support multicapture.", "final_capture")
    made = objects.get(world, intent["latest_charge"], "charge", call.account)
    intent["metadata"] |= marks
    made["captured"] = True
    made["amount_captured"] += amount
    if fee is not None:
        made["application_fee_amount"] = fee
    if not is_final and amount < intent["amount_capturable"]:
        charges.settle(world, made, amount, call)
        intent["amount_capturable"] -= amount
        intent["amount_received"] = made["amount_captured"]
        objects.save(world, intent)
        events.note(world, "charge.captured", made, call=call)
        events.note(world, "payment_intent.amount_capturable_updated", intent, call=call)
        return intent
    _succeed(world, intent, made, amount, call, "charge.captured")
    return intent


def cancel(call: Call) -> Body:
    """``POST …/cancel``: an authorisation is released."""
    params, intent = call.params, _get(call)
    reason = params.text("cancellation_reason")
    params.done()
    if intent["status"] not in (*_WAITING, "requires_capture"):
        raise _unexpected(intent, "cancel")
    end(call.world, intent, reason or None, call)
    return intent


def end(world: World, intent: Body, reason: str | None, call: Call | None) -> None:
    intent |= {
        "status": "canceled",
        "amount_capturable": 0,
        "canceled_at": world.now(),
        "cancellation_reason": reason,
        "next_action": None,
    }
    objects.save(world, intent)
    events.note(world, "payment_intent.canceled", intent, call=call)


def update(call: Call) -> Body:
    intent, params = _get(call), call.params
    intent["metadata"] |= params.metadata()
    intent["description"] = params.text("description") or intent["description"]
    params.done()
    objects.save(call.world, intent)
    return intent


def retrieve(call: Call) -> Body:
    intent = _get(call)
    call.params.done()
    return intent


def listed(call: Call) -> Body:
    page = objects.page(
        call.world, "payment_intent", call.account, call.params, "/v1/payment_intents", "customer"
    )
    call.params.done()
    return page


def _get(call: Call) -> Body:
    intent = objects.get(call.world, call.path["id"], "payment_intent", call.account, "intent")
    if call.params.has("client_secret") or call.is_public:
        told = call.params.text("client_secret")
        if told != intent["client_secret"]:
            raise invalid("The client_secret provided does not match.", "client_secret")
    return intent


def _unexpected(intent: Body, verb: str) -> Refused:
    return unexpected(
        f"You cannot {verb} this PaymentIntent because it has a status of {intent['status']}.",
        "payment_intent_unexpected_state",
        payment_intent=objects._public(intent),
    )
