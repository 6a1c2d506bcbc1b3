"""Orders v2: created, approved by a payer, captured or authorized."""

from __future__ import annotations

from typing import Any

from tests.worlds.paypal import events, money, payments
from tests.worlds.paypal.call import Call
from tests.worlds.paypal.errors import BadControl, Refused
from tests.worlds.paypal.world import World

#: An order that no payer has approved is forgotten after three hours.
LIFE_MS = 3 * 3_600_000
_INTENTS = {"CAPTURE", "AUTHORIZE"}


def create(call: Call) -> tuple[int, dict[str, Any]]:
    """``POST /v2/checkout/orders``; a payment source needs a request id."""
    asked = call.body
    if asked.get("intent") not in _INTENTS:
        raise Refused(400, "INVALID_PARAMETER_VALUE", field="/intent")
    units = asked.get("purchase_units")
    if not isinstance(units, list) or len(units) != 1 or not isinstance(units[0], dict):
        raise Refused(400, "MISSING_REQUIRED_PARAMETER", field="/purchase_units")
    minor, currency = money.read(units[0].get("amount"), "/purchase_units/0/amount")
    wallet = (asked.get("payment_source") or {}).get("paypal")
    if wallet is not None and not call.key:
        raise Refused(400, "PAYPAL_REQUEST_ID_REQUIRED")
    context = (wallet or {}).get("experience_context") or {}
    if wallet is not None and not (context.get("return_url") and context.get("cancel_url")):
        raise Refused(400, "MISSING_REQUIRED_PARAMETER", field="/payment_source/paypal")
    name = call.world.name("order")
    unit = {
        "reference_id": units[0].get("reference_id", "default"),
        "amount": money.shown(minor, currency),
        "payee": {"email_address": f"{call.merchant.lower()}@merchant.example"},
    } | {
        part: units[0][part] for part in ("custom_id", "invoice_id", "description")
        if part in units[0]
    }  # fmt: skip
    rel = "approve" if wallet is None else "payer-action"
    order = {
        "id": name,
        "intent": asked["intent"],
        "status": "CREATED" if wallet is None else "PAYER_ACTION_REQUIRED",
        "purchase_units": [unit],
        "create_time": call.world.stamp(),
        "links": [
            _link(f"{call.base}/v2/checkout/orders/{name}", "self"),
            _link(f"{call.base}/checkoutnow?token={name}", rel),
        ],
        "_minor": minor,
        "_currency": currency,
        "_return_url": context.get("return_url", ""),
        "_created_ms": call.world.now_ms(),
    }
    if wallet is not None:
        order["payment_source"] = {"paypal": {}}
    call.world.add("order", call.merchant, order)
    delay = call.world.setting("payer_delay_ms")
    if delay >= 0:
        call.world.schedule("order.approve", name, delay)
    return 201, order


def retrieve(call: Call) -> dict[str, Any]:
    """``GET /v2/checkout/orders/{id}``."""
    return _found(call)


def approve(world: World, order_id: str, payer: str = "payer@buyers.example") -> dict[str, Any]:
    """What a payer does on PayPal's page."""
    order = world.find("order", order_id)
    if order["status"] not in {"CREATED", "PAYER_ACTION_REQUIRED"} or _is_expired(world, order):
        raise BadControl(f"order {order_id} is {order['status']}")
    order["status"] = "APPROVED"
    order["_payer"] = payer
    order["payment_source"] = {"paypal": _wallet(payer)}
    order["payer"] = {"email_address": payer, "payer_id": _wallet(payer)["account_id"]}
    world.save(order)
    events.tell(world, order["_merchant"], "CHECKOUT.ORDER.APPROVED", "checkout-order", order)
    return order


def capture(call: Call) -> tuple[int, dict[str, Any]]:
    """``POST /v2/checkout/orders/{id}/capture``."""
    order = _ready(call, "CAPTURE")
    draft = _draft(call, order)
    made = payments.take(call.world, draft, is_final=True)
    return _completed(call, order, "captures", made)


def authorize(call: Call) -> tuple[int, dict[str, Any]]:
    """``POST /v2/checkout/orders/{id}/authorize``."""
    order = _ready(call, "AUTHORIZE")
    made = payments.hold(call.world, _draft(call, order))
    return _completed(call, order, "authorizations", made)


def _draft(call: Call, order: dict[str, Any]) -> payments.Draft:
    unit = order["purchase_units"][0]
    return payments.Draft(
        merchant=call.merchant,
        minor=order["_minor"],
        currency=order["_currency"],
        invoice_id=unit.get("invoice_id", ""),
        custom_id=unit.get("custom_id", ""),
        payer=order["_payer"],
        order=order["id"],
        base=call.base,
    )


def _completed(
    call: Call, order: dict[str, Any], part: str, made: dict[str, Any]
) -> tuple[int, dict[str, Any]]:
    order["status"] = "COMPLETED"
    order["purchase_units"][0]["payments"] = {part: [made]}
    call.world.save(order)
    return 201, order


def _ready(call: Call, intent: str) -> dict[str, Any]:
    order = _found(call)
    if order["intent"] != intent:
        raise Refused(422, "ACTION_DOES_NOT_MATCH_INTENT")
    if order["status"] == "COMPLETED":
        done = "CAPTURED" if intent == "CAPTURE" else "AUTHORIZED"
        raise Refused(422, f"ORDER_ALREADY_{done}")
    if order["status"] != "APPROVED":
        raise Refused(422, "ORDER_NOT_APPROVED")
    if order["_payer"].startswith("declined"):
        redirect = _link(f"{call.base}/checkoutnow?token={order['id']}", "redirect")
        raise Refused(422, "INSTRUMENT_DECLINED", links=(redirect,), is_kept=True)
    if order["_payer"].startswith("restricted"):
        raise Refused(422, "PAYER_CANNOT_PAY", is_kept=True)
    return order


def _found(call: Call) -> dict[str, Any]:
    """The order with its payments as they now are."""
    order = call.world.find("order", call.params["id"], call.merchant)
    if _is_expired(call.world, order):
        raise Refused(404, "INVALID_RESOURCE_ID")
    payments = {
        f"{kind}s": found
        for kind in ("authorization", "capture", "refund")
        if (found := _made(call, kind, order["id"]))
    }
    if payments:
        order["purchase_units"][0]["payments"] = payments
    return order


def _made(call: Call, kind: str, order: str) -> list[dict[str, Any]]:
    return [made for made in call.world.all(kind, call.merchant) if made["_order"] == order]


def _is_expired(world: World, order: dict[str, Any]) -> bool:
    waits = order["status"] in {"CREATED", "PAYER_ACTION_REQUIRED"}
    return waits and world.now_ms() > order["_created_ms"] + LIFE_MS


def _wallet(payer: str) -> dict[str, Any]:
    letters = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
    number = "".join(letters[byte % 32] for byte in payer.encode().ljust(13, b"."))[:13]
    return {
        "email_address": payer,
        "account_id": number,
        "account_status": "VERIFIED",
        "name": {"given_name": "Simulated", "surname": "Payer"},
    }


def _link(href: str, rel: str) -> dict[str, str]:
    return {"href": href, "rel": rel, "method": "GET"}
