"""Payments v2: captures, authorizations and refunds.

The payer's address decides: ``pending…`` is reviewed first and then paid, ``denied…`` is reviewed
and then refused, ``slowrefund…`` gets refunds that complete later, ``badrefund…`` ones that fail
later; anybody else pays at once.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tests.worlds.paypal import books, events, money
from tests.worlds.paypal.call import Call
from tests.worlds.paypal.errors import Refused
from tests.worlds.paypal.world import World

_DAY_MS = 86_400_000
HOLD_DAYS, HONOUR_DAYS, REFUND_DAYS = 29, 3, 180


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A payment about to be made."""

    merchant: str
    minor: int
    currency: str
    invoice_id: str
    custom_id: str
    payer: str
    base: str
    order: str = ""
    authorization: str = ""


def take(world: World, draft: Draft, *, is_final: bool) -> dict[str, Any]:
    """Make a capture; an invoice number is paid only once."""
    _check_invoice(world, draft)
    capture = _common(world, draft, "capture") | {"final_capture": is_final}
    if draft.payer.startswith(("pending", "denied")):
        capture |= {"status": "PENDING", "status_details": {"reason": "PENDING_REVIEW"}}
        world.add("capture", draft.merchant, capture)
        events.tell(world, draft.merchant, "PAYMENT.CAPTURE.PENDING", "capture", capture)
        world.schedule("capture.review", capture["id"], world.setting("late_delay_ms"))
    else:
        world.add("capture", draft.merchant, capture)
        _pay(world, capture | {"_merchant": draft.merchant})
        capture = world.find("capture", capture["id"])
    return capture


def review(world: World, capture_id: str) -> None:
    """What comes of a pending capture."""
    capture = world.find("capture", capture_id)
    if capture["_payer"].startswith("denied"):
        capture["status"] = "DECLINED"
        world.save(capture)
        events.tell(world, capture["_merchant"], "PAYMENT.CAPTURE.DENIED", "capture", capture)
        return
    capture.pop("status_details", None)
    _pay(world, capture)


def _pay(world: World, capture: dict[str, Any]) -> None:
    fee = books.fee_of(world, capture["_merchant"], capture["_minor"])
    currency = capture["_currency"]
    capture["status"] = "COMPLETED"
    capture["seller_receivable_breakdown"] = {
        "gross_amount": money.shown(capture["_minor"], currency),
        "paypal_fee": money.shown(fee, currency),
        "net_amount": money.shown(capture["_minor"] - fee, currency),
    }
    world.save(capture)
    books.write(
        world,
        books.Draft(
            merchant=capture["_merchant"],
            code=books.PAID,
            amount=capture["_minor"],
            currency=currency,
            fee=-fee,
            invoice_id=capture.get("invoice_id", ""),
            custom=capture.get("custom_id", ""),
            party=capture["_payer"],
            id=capture["id"],
        ),
    )
    events.tell(world, capture["_merchant"], "PAYMENT.CAPTURE.COMPLETED", "capture", capture)


def hold(world: World, draft: Draft) -> dict[str, Any]:
    """Make an authorization."""
    _check_invoice(world, draft)
    held = _common(world, draft, "authorization") | {
        "status": "CREATED",
        "expiration_time": world.stamp(world.now_ms() + HOLD_DAYS * _DAY_MS),
        "_at_ms": world.now_ms(),
        "_taken": 0,
    }
    world.add("authorization", draft.merchant, held)
    events.tell(world, draft.merchant, "PAYMENT.AUTHORIZATION.CREATED", "authorization", held)
    return held


def authorization(call: Call) -> dict[str, Any]:
    """``GET /v2/payments/authorizations/{id}``."""
    return _held(call)


def capture_held(call: Call) -> tuple[int, dict[str, Any]]:
    """``POST /v2/payments/authorizations/{id}/capture``."""
    held = _held(call)
    if held["status"] == "VOIDED":
        raise Refused(422, "AUTHORIZATION_VOIDED")
    if held["status"] == "CAPTURED":
        raise Refused(422, "AUTHORIZATION_ALREADY_CAPTURED")
    left = held["_minor"] - held["_taken"]
    minor, currency = (left, held["_currency"])
    if "amount" in call.body:
        minor, currency = money.read(call.body["amount"], "/amount")
    if currency != held["_currency"]:
        raise Refused(422, "AUTH_CAPTURE_CURRENCY_MISMATCH", field="/amount/currency_code")
    if minor > left:
        raise Refused(422, "MAX_CAPTURE_AMOUNT_EXCEEDED", field="/amount/value")
    is_final = call.body.get("final_capture") is True
    draft = Draft(
        merchant=call.merchant,
        minor=minor,
        currency=currency,
        invoice_id=call.body.get("invoice_id", ""),
        custom_id=held.get("custom_id", ""),
        payer=held["_payer"],
        order=held["_order"],
        authorization=held["id"],
        base=call.base,
    )
    made = take(call.world, draft, is_final=is_final)
    held["_taken"] += minor
    is_done = is_final or held["_taken"] == held["_minor"]
    held["status"] = "CAPTURED" if is_done else "PARTIALLY_CAPTURED"
    call.world.save(held)
    return 201, made


def void(call: Call) -> tuple[int, dict[str, Any]]:
    """``POST /v2/payments/authorizations/{id}/void``: 204, or the object if preferred."""
    held = _held(call)
    if held["status"] == "VOIDED":
        raise Refused(422, "PREVIOUSLY_VOIDED")
    if held["status"] == "CAPTURED":
        raise Refused(422, "PREVIOUSLY_CAPTURED")
    held["status"] = "VOIDED"
    call.world.save(held)
    events.tell(call.world, call.merchant, "PAYMENT.AUTHORIZATION.VOIDED", "authorization", held)
    prefers = call.raw.headers.get("prefer") == "return=representation"
    return (200, held) if prefers else (204, {})


def reauthorize(call: Call) -> tuple[int, dict[str, Any]]:
    """``POST /v2/payments/authorizations/{id}/reauthorize``: from the fourth day, once."""
    held = _held(call)
    if held["status"] != "CREATED":
        raise Refused(422, "AUTHORIZATION_ALREADY_CAPTURED")
    if call.world.now_ms() < held["_at_ms"] + HONOUR_DAYS * _DAY_MS:
        raise Refused(422, "REAUTHORIZATION_TOO_SOON")
    if "_again" in held:
        raise Refused(422, "MAX_NUMBER_OF_REAUTHORIZATIONS_EXCEEDED")
    minor, currency = money.read(
        call.body.get("amount", money.shown(held["_minor"], held["_currency"])), "/amount"
    )
    again = held | {
        "id": call.world.name("authorization"),
        "_minor": minor,
        "amount": money.shown(minor, currency),
        "status": "CREATED",
        "_at_ms": call.world.now_ms(),
        "_again": True,
    }
    call.world.add("authorization", call.merchant, again)
    held |= {"_again": True, "status": "VOIDED"}
    call.world.save(held)
    return 201, again


def lapse(world: World, authorization_id: str) -> None:
    """An authorization that nobody captured in time."""
    held = world.find("authorization", authorization_id)
    if held["status"] in {"CREATED", "PARTIALLY_CAPTURED"}:
        held["status"] = "VOIDED"
        world.save(held)
        events.tell(world, held["_merchant"], "PAYMENT.AUTHORIZATION.VOIDED", "authorization", held)


def capture(call: Call) -> dict[str, Any]:
    """``GET /v2/payments/captures/{id}``."""
    return call.world.find("capture", call.params["id"], call.merchant)


def refund(call: Call) -> tuple[int, dict[str, Any]]:
    """``POST /v2/payments/captures/{id}/refund``."""
    paid = call.world.find("capture", call.params["id"], call.merchant)
    left = paid["_minor"] - paid.get("_refunded", 0)
    if paid["status"] == "REFUNDED" or not left:
        raise Refused(422, "CAPTURE_FULLY_REFUNDED")
    if paid["status"] not in {"COMPLETED", "PARTIALLY_REFUNDED"}:
        raise Refused(422, "CAPTURE_STATUS_NOT_VALID")
    if call.world.now_ms() > paid["_at_ms"] + REFUND_DAYS * _DAY_MS:
        raise Refused(422, "REFUND_TIME_LIMIT_EXCEEDED")
    minor, currency = left, paid["_currency"]
    if "amount" in call.body:
        minor, currency = money.read(call.body["amount"], "/amount")
    if currency != paid["_currency"]:
        raise Refused(422, "REFUND_CAPTURE_CURRENCY_MISMATCH", field="/amount/currency_code")
    if minor > left:
        raise Refused(422, "REFUND_AMOUNT_EXCEEDED", field="/amount/value")
    if books.balance(call.world, call.merchant, currency) < minor:
        raise Refused(422, "REFUND_FAILED_INSUFFICIENT_FUNDS")
    paid["_refunded"] = paid.get("_refunded", 0) + minor
    paid["status"] = "REFUNDED" if paid["_refunded"] == paid["_minor"] else "PARTIALLY_REFUNDED"
    call.world.save(paid)
    return 201, _give_back(call, paid, minor)


def _give_back(call: Call, paid: dict[str, Any], minor: int) -> dict[str, Any]:
    world, currency = call.world, paid["_currency"]
    name = world.name("refund")
    made: dict[str, Any] = {
        "id": name,
        "status": "COMPLETED",
        "amount": money.shown(minor, currency),
        "seller_payable_breakdown": {
            "gross_amount": money.shown(minor, currency),
            "paypal_fee": money.shown(0, currency),
            "net_amount": money.shown(minor, currency),
            "total_refunded_amount": money.shown(paid["_refunded"], currency),
        },
        "create_time": world.stamp(),
        "update_time": world.stamp(),
        "links": [
            {"href": f"{call.base}/v2/payments/refunds/{name}", "rel": "self", "method": "GET"},
            {
                "href": f"{call.base}/v2/payments/captures/{paid['id']}",
                "rel": "up",
                "method": "GET",
            },
        ],
        "_minor": minor,
        "_currency": currency,
        "_capture": paid["id"],
        "_order": paid["_order"],
        "_payer": paid["_payer"],
    } | {part: call.body[part] for part in ("invoice_id", "custom_id") if part in call.body}
    if paid["_payer"].startswith(("slowrefund", "badrefund")):
        made |= {"status": "PENDING", "status_details": {"reason": "ECHECK"}}
        world.schedule("refund.review", name, world.setting("late_delay_ms"))
    world.add("refund", call.merchant, made)
    books.write(
        world,
        books.Draft(
            merchant=call.merchant,
            code=books.REFUNDED,
            amount=-minor,
            currency=currency,
            related=paid["id"],
            invoice_id=made.get("invoice_id", ""),
            custom=made.get("custom_id", ""),
            party=paid["_payer"],
            id=name,
        ),
    )
    if made["status"] == "COMPLETED":
        events.tell(world, call.merchant, "PAYMENT.CAPTURE.REFUNDED", "refund", made)
    else:
        events.tell(world, call.merchant, "PAYMENT.REFUND.PENDING", "refund", made)
    return made


def review_refund(world: World, refund_id: str) -> None:
    """What comes of a pending refund; one that fails puts the money back."""
    made = world.find("refund", refund_id)
    made.pop("status_details", None)
    if made["_payer"].startswith("badrefund"):
        made["status"] = "FAILED"
        books.write(
            world,
            books.Draft(
                merchant=made["_merchant"],
                code="T1115",
                amount=made["_minor"],
                currency=made["_currency"],
                related=made["id"],
                party=made["_payer"],
            ),
        )
        paid = world.find("capture", made["_capture"])
        paid["_refunded"] -= made["_minor"]
        paid["status"] = "PARTIALLY_REFUNDED" if paid["_refunded"] else "COMPLETED"
        world.save(paid)
        event = "PAYMENT.REFUND.FAILED"
    else:
        made["status"], event = "COMPLETED", "PAYMENT.CAPTURE.REFUNDED"
    world.save(made)
    events.tell(world, made["_merchant"], event, "refund", made)


def refund_made(call: Call) -> dict[str, Any]:
    """``GET /v2/payments/refunds/{id}``."""
    return call.world.find("refund", call.params["id"], call.merchant)


def _held(call: Call) -> dict[str, Any]:
    held = call.world.find("authorization", call.params["id"], call.merchant)
    if call.world.now_ms() > held["_at_ms"] + HOLD_DAYS * _DAY_MS:
        lapse(call.world, held["id"])
        held = call.world.find("authorization", call.params["id"], call.merchant)
    return held


def _check_invoice(world: World, draft: Draft) -> None:
    if draft.invoice_id and world.store.row(
        "SELECT 1 FROM object WHERE merchant = ? AND kind = 'capture'"
        " AND json_extract(body, '$.invoice_id') = ?"
        " AND json_extract(body, '$.status') <> 'DECLINED'",
        draft.merchant,
        draft.invoice_id,
    ):
        raise Refused(422, "DUPLICATE_INVOICE_ID", field="/purchase_units/0/invoice_id")


def _common(world: World, draft: Draft, kind: str) -> dict[str, Any]:
    name = world.name(kind)
    related = {"order_id": draft.order} | (
        {"authorization_id": draft.authorization} if draft.authorization else {}
    )
    named = {"invoice_id": draft.invoice_id, "custom_id": draft.custom_id}
    return {
        "id": name,
        "amount": money.shown(draft.minor, draft.currency),
        "seller_protection": {"status": "NOT_ELIGIBLE"},
        "supplementary_data": {"related_ids": related},
        "create_time": world.stamp(),
        "update_time": world.stamp(),
        "links": [
            {"href": f"{draft.base}/v2/payments/{kind}s/{name}", "rel": "self", "method": "GET"}
        ],
        "_minor": draft.minor,
        "_currency": draft.currency,
        "_payer": draft.payer,
        "_order": draft.order,
        "_at_ms": world.now_ms(),
    } | {part: value for part, value in named.items() if value}
