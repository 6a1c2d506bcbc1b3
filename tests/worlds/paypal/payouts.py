"""Payouts v1: batches taken in, worked through later, item by item.

The receiver's address decides: ``unclaimed…`` waits for the payee, ``returned…`` is unclaimed and
comes back, ``blocked…``, ``failed…`` and ``onhold…`` say what they are, ``refunded…`` is paid and
then given back by the payee; anybody else is paid.
"""

from __future__ import annotations

from typing import Any

from tests.worlds.paypal import books, events, money
from tests.worlds.paypal.call import Call
from tests.worlds.paypal.errors import Refused
from tests.worlds.paypal.world import World

MOST_ITEMS = 15_000
BATCH_DAYS_MS = 30 * 86_400_000
_ENDINGS = {
    "unclaimed": "UNCLAIMED",
    "returned": "UNCLAIMED",
    "blocked": "BLOCKED",
    "failed": "FAILED",
    "onhold": "ONHOLD",
}
#: What has left the merchant's balance.
_PAID = {"SUCCESS", "UNCLAIMED", "ONHOLD"}
_ISSUES = {"FAILED": "RECEIVER_ACCOUNT_INVALID", "BLOCKED": "RISK_DECLINE", "RETURNED": "RETURNED",
           "UNCLAIMED": "RECEIVER_UNREGISTERED"}  # fmt: skip
_EVENTS = {"SUCCESS": "SUCCEEDED", "ONHOLD": "HELD"}


def create(call: Call) -> tuple[int, dict[str, Any]]:
    """``POST /v1/payments/payouts``; a ``sender_batch_id`` is taken once in 30 days."""
    header, items = call.body.get("sender_batch_header"), call.body.get("items")
    if not isinstance(header, dict) or not isinstance(items, list) or not items:
        raise Refused(400, name="VALIDATION_ERROR")
    if len(items) > MOST_ITEMS:
        raise Refused(400, "TOO_MANY_ITEMS", name="VALIDATION_ERROR")
    sender_batch_id = str(header.get("sender_batch_id", ""))
    _check_batch_id(call, sender_batch_id)
    drafts = [_item(call, item, header) for item in items]
    if len({draft["sender_item_id"] for draft in drafts} - {""}) < sum(
        1 for draft in drafts if draft["sender_item_id"]
    ):
        raise Refused(400, "DUPLICATE_SENDER_ITEM_ID", name="VALIDATION_ERROR")
    currency = drafts[0]["_currency"]
    needed = sum(draft["_minor"] + draft["_fee"] for draft in drafts)
    if books.balance(call.world, call.merchant, currency) < needed:
        raise Refused(422, name="INSUFFICIENT_FUNDS")
    name = call.world.name("batch", 13)
    batch: dict[str, Any] = {
        "_id": name,
        "batch_header": {
            "payout_batch_id": name,
            "batch_status": "PENDING",
            "time_created": call.world.stamp(),
            "sender_batch_header": {
                part: header[part]
                for part in ("sender_batch_id", "recipient_type", "email_subject", "email_message")
                if part in header
            },
        },
        "_items": [],
        "_sender": sender_batch_id,
        "_at_ms": call.world.now_ms(),
        "_base": call.base,
    }
    for draft in drafts:
        draft["payout_batch_id"] = name
        call.world.add("item", call.merchant, draft)
        batch["_items"].append(draft["_id"])
    call.world.add("batch", call.merchant, batch)
    call.world.schedule("batch.work", name, 0)
    return 201, _shown(call, batch, with_items=False)


def _check_batch_id(call: Call, sender_batch_id: str) -> None:
    if not sender_batch_id:
        return
    for batch in call.world.all("batch", call.merchant):
        is_remembered = call.world.now_ms() < batch["_at_ms"] + BATCH_DAYS_MS
        if batch["_sender"] == sender_batch_id and is_remembered:
            href = f"{call.base}/v1/payments/payouts/{batch['_id']}"
            raise Refused(
                400,
                "Batch with given sender_batch_id already exists",
                name="USER_BUSINESS_ERROR",
                field="SENDER_BATCH_ID",
                links=({"href": href, "rel": "self", "method": "GET"},),
            )


def _item(call: Call, item: Any, header: dict[str, Any]) -> dict[str, Any]:
    if not isinstance(item, dict) or not item.get("receiver"):
        raise Refused(400, "MISSING_REQUIRED_PARAMETER", name="VALIDATION_ERROR", field="receiver")
    minor, currency = money.read(item.get("amount"), "/items/0/amount", "currency")
    row = call.world.store.row("SELECT * FROM merchant WHERE client_id = ?", call.merchant)
    fee = row["payout_fee_minor"] if row else 0
    name = call.world.name("item", 13)
    kind = item.get("recipient_type") or header.get("recipient_type") or "EMAIL"
    return {
        "_id": name,
        "payout_item_id": name,
        "transaction_status": "PENDING",
        "payout_item_fee": money.shown(fee, currency, "currency"),
        "payout_item": {
            "recipient_type": kind,
            "amount": money.shown(minor, currency, "currency"),
            "receiver": item["receiver"],
            "sender_item_id": item.get("sender_item_id", ""),
            "recipient_wallet": "PAYPAL",
        } | ({"note": item["note"]} if item.get("note") else {}),
        "sender_item_id": item.get("sender_item_id", ""),
        "_minor": minor,
        "_fee": fee,
        "_currency": currency,
    }  # fmt: skip


def work(world: World, batch_id: str) -> None:
    """Go through a batch: each item ends as its receiver's address says."""
    batch = world.find("batch", batch_id)
    header, merchant = batch["batch_header"], batch["_merchant"]
    header["batch_status"] = "SUCCESS"
    header["time_completed"] = world.stamp()
    for name in batch["_items"]:
        item = world.find("item", name)
        receiver = str(item["payout_item"]["receiver"])
        ending = next((end for start, end in _ENDINGS.items() if receiver.startswith(start)), "")
        if not receiver.startswith("slow"):
            _end(world, item, ending or "SUCCESS")
        if receiver.startswith(("returned", "refunded", "slow")):
            world.schedule("item.later", name, world.setting("late_delay_ms"))
    world.save(batch)
    told = {"batch_header": header, "_id": batch_id}
    events.tell(world, merchant, "PAYMENT.PAYOUTSBATCH.SUCCESS", "payouts", told)


def later(world: World, item_id: str) -> None:
    """What happens to an item after a while."""
    item = world.find("item", item_id)
    receiver = str(item["payout_item"]["receiver"])
    if receiver.startswith("slow"):
        _end(world, item, "SUCCESS")
        return
    come_back(world, item, "REFUNDED" if receiver.startswith("refunded") else "RETURNED")


def come_back(world: World, item: dict[str, Any], status: str) -> None:
    """The money is the merchant's again, without the fee."""
    _move(world, item, item["_minor"], 0, books.RETURNED, "")
    _end(world, item, status)


def _end(world: World, item: dict[str, Any], status: str) -> None:
    item["transaction_status"] = status
    item["time_processed"] = world.stamp()
    if status in _PAID and "transaction_id" not in item:
        item["transaction_id"] = world.name("movement")
        _move(world, item, -item["_minor"], -item["_fee"], books.PAID_OUT, item["transaction_id"])
    if status in _ISSUES:
        issue = _ISSUES[status]
        item["errors"] = {"name": issue, "message": issue.replace("_", " ").capitalize(),
                          "debug_id": world.name("debug", 13).lower()}  # fmt: skip
    world.save(item)
    event = f"PAYMENT.PAYOUTS-ITEM.{_EVENTS.get(status, status)}"
    events.tell(world, item["_merchant"], event, "payouts_item", item)


def _move(world: World, item: dict[str, Any], amount: int, fee: int, code: str, name: str) -> None:
    books.write(
        world,
        books.Draft(
            merchant=item["_merchant"],
            code=code,
            amount=amount,
            fee=fee,
            currency=item["_currency"],
            related=item.get("transaction_id", "") if not name else "",
            invoice_id="",
            custom=item["sender_item_id"],
            party=item["payout_item"]["receiver"],
            id=name,
        ),
    )


def batch(call: Call) -> dict[str, Any]:
    """``GET /v1/payments/payouts/{id}``."""
    return _shown(call, call.world.find("batch", call.params["id"], call.merchant), with_items=True)


def item(call: Call) -> dict[str, Any]:
    """``GET /v1/payments/payouts-item/{id}``."""
    return _item_shown(call.world.find("item", call.params["id"], call.merchant))


def cancel(call: Call) -> dict[str, Any]:
    """``POST /v1/payments/payouts-item/{id}/cancel``: only what nobody has claimed."""
    found = call.world.find("item", call.params["id"], call.merchant)
    if found["transaction_status"] != "UNCLAIMED":
        raise Refused(400, "ITEM_ALREADY_CANCELLED", name="ITEM_INCORRECT_STATUS")
    come_back(call.world, found, "RETURNED")
    return _item_shown(call.world.find("item", found["_id"]))


def _shown(call: Call, found: dict[str, Any], *, with_items: bool) -> dict[str, Any]:
    link = {
        "href": f"{call.base}/v1/payments/payouts/{found['_id']}",
        "rel": "self",
        "method": "GET",
    }
    if not with_items:
        return {"batch_header": found["batch_header"], "links": [link]}
    size = min(int(call.query.get("page_size", 1000)), 1000)
    first = (int(call.query.get("page", 1)) - 1) * size
    names = found["_items"][first : first + size]
    items = [_item_shown(call.world.find("item", name)) for name in names]
    total = len(found["_items"])
    pages = {"total_items": total, "total_pages": -(-total // size)}
    return {
        **(pages if call.query.get("total_required") == "true" else {}),
        "batch_header": found["batch_header"],
        "items": items,
        "links": [link],
    }


def _item_shown(found: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in found.items() if name != "sender_item_id"}
