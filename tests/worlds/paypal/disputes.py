"""Disputes v1: opened by a payer (the control side), answered by the merchant, decided."""

from __future__ import annotations

import json
import re
from typing import Any

from tests.worlds.paypal import books, events, money
from tests.worlds.paypal.call import Call
from tests.worlds.paypal.errors import BadControl, Refused
from tests.worlds.paypal.world import World

_DAYS_MS = 86_400_000
DUE_DAYS = 10
FEE_MINOR = 20_00
_INPUT = re.compile(rb'name="input".*?\r\n\r\n(.*?)\r\n--', re.DOTALL)
_FILE = re.compile(rb'filename="([^"]*)"')


def open_dispute(world: World, capture_id: str, reason: str, minor: int, stage: str) -> str:
    """A payer wants money back. From the chargeback stage on, it is taken at once."""
    paid = world.find("capture", capture_id)
    name = f"PP-D-{world.store.count_up('dispute') + 10_000}"
    dispute = {
        "_id": name,
        "dispute_id": name,
        "create_time": world.stamp(),
        "update_time": world.stamp(),
        "disputed_transactions": [
            {
                "seller_transaction_id": capture_id,
                "create_time": paid["create_time"],
                "transaction_status": "COMPLETED",
                "gross_amount": paid["amount"],
                "custom": paid.get("custom_id", ""),
            }
        ],
        "reason": reason,
        "status": "WAITING_FOR_SELLER_RESPONSE",
        "dispute_state": "REQUIRED_ACTION",
        "dispute_amount": money.shown(minor or paid["_minor"], paid["_currency"]),
        "dispute_life_cycle_stage": stage,
        "dispute_channel": "INTERNAL",
        "seller_response_due_date": world.stamp(world.now_ms() + DUE_DAYS * _DAYS_MS),
        "money_movements": [],
        "links": [{"href": f"https://api-m.paypal.com/v1/customer/disputes/{name}", "rel": "self"}],
        "_minor": minor or paid["_minor"],
        "_currency": paid["_currency"],
        "_merchant": paid["_merchant"],
        "_capture": capture_id,
    }
    world.add("dispute", paid["_merchant"], dispute)
    if stage != "INQUIRY":
        _withdraw(world, dispute)
        world.save(dispute)
    _tell(world, dispute, "CREATED")
    return name


def resolve(world: World, dispute_id: str, outcome: str) -> dict[str, Any]:
    """``RESOLVED_SELLER_FAVOUR`` gives the money back, other outcomes keep it away."""
    dispute = world.find("dispute", dispute_id)
    if dispute["status"] == "RESOLVED":
        raise BadControl(f"{dispute_id} is resolved")
    is_won = outcome in {"RESOLVED_SELLER_FAVOUR", "CANCELED_BY_BUYER"}
    is_withdrawn = bool(dispute["money_movements"])
    if is_won and is_withdrawn:
        _move(world, dispute, dispute["_minor"], "DISPUTE_SETTLEMENT", books.REINSTATED)
    elif not is_won and not is_withdrawn:
        _withdraw(world, dispute)
    dispute |= {
        "status": "RESOLVED",
        "dispute_state": "RESOLVED",
        "dispute_outcome": {"outcome_code": outcome},
    }
    dispute.pop("seller_response_due_date", None)
    world.save(dispute)
    _tell(world, dispute, "RESOLVED")
    return dispute


def _withdraw(world: World, dispute: dict[str, Any]) -> None:
    _move(world, dispute, -dispute["_minor"], "DISPUTE_SETTLEMENT", books.DISPUTED)
    if dispute["dispute_life_cycle_stage"] == "CHARGEBACK":
        _move(world, dispute, -FEE_MINOR, "CHARGEBACK_FEE", books.DISPUTED)


def _move(world: World, dispute: dict[str, Any], amount: int, reason: str, code: str) -> None:
    dispute["money_movements"].append(
        {
            "affected_party": "SELLER",
            "amount": money.shown(abs(amount), dispute["_currency"]),
            "initiated_time": world.stamp(),
            "type": "DEBIT" if amount < 0 else "CREDIT",
            "reason": reason,
        }
    )
    books.write(
        world,
        books.Draft(
            merchant=dispute["_merchant"],
            code=code,
            amount=amount,
            currency=dispute["_currency"],
            related=dispute["_capture"],
        ),
    )


def listed(call: Call) -> dict[str, Any]:
    """``GET /v1/customer/disputes``."""
    after = call.query.get("update_time_after", "")
    found = [
        dispute
        for dispute in call.world.all("dispute", call.merchant)
        if dispute["update_time"] >= after[:19]
    ]
    size, first = int(call.query.get("page_size", 10)), int(call.query.get("next_page_token", 0))
    links = []
    if first + size < len(found):
        href = f"{call.base}/v1/customer/disputes?page_size={size}&next_page_token={first + size}"
        links = [{"href": href, "rel": "next", "method": "GET"}]
    names = (
        "dispute_id", "create_time", "update_time", "reason", "status", "dispute_state",
        "dispute_amount", "dispute_life_cycle_stage", "dispute_channel", "links",
    )  # fmt: skip
    rows = [
        {name: dispute[name] for name in names if name in dispute}
        for dispute in found[first : first + size]
    ]
    return {"items": rows} | ({"links": links} if links else {})


def retrieve(call: Call) -> dict[str, Any]:
    """``GET /v1/customer/disputes/{id}``."""
    return _found(call)


def provide_evidence(call: Call) -> dict[str, Any]:
    """``POST /v1/customer/disputes/{id}/provide-evidence``: multipart, once per request."""
    dispute = _open(call)
    body = call.raw.body
    told = _INPUT.search(body)
    if told is None or "multipart/form-data" not in call.raw.headers.get("content-type", ""):
        raise Refused(400, name="INVALID_REQUEST")
    try:
        evidences = json.loads(told[1])["evidences"]
    except (ValueError, KeyError):
        raise Refused(400, name="INVALID_REQUEST") from None
    files = [name.decode() for name in _FILE.findall(body)]
    dispute |= {
        "status": "UNDER_REVIEW",
        "dispute_state": "UNDER_PAYPAL_REVIEW",
        "evidences": [
            {
                "evidence_type": each.get("evidence_type", "OTHER"),
                "notes": each.get("notes", ""),
                "source": "SUBMITTED_BY_SELLER",
                "date": call.world.stamp(),
                "documents": [{"name": name} for name in files],
            }
            for each in evidences
        ],
    }
    dispute.pop("seller_response_due_date", None)
    call.world.save(dispute)
    _tell(call.world, dispute, "UPDATED")
    return _next(call, dispute)


def accept_claim(call: Call) -> dict[str, Any]:
    """``POST /v1/customer/disputes/{id}/accept-claim``."""
    dispute = _open(call)
    return _next(call, resolve(call.world, dispute["_id"], "ACCEPTED"))


def _found(call: Call) -> dict[str, Any]:
    return call.world.find("dispute", call.params["id"], call.merchant)


def _open(call: Call) -> dict[str, Any]:
    dispute = _found(call)
    if dispute["status"] not in {"OPEN", "WAITING_FOR_SELLER_RESPONSE"}:
        raise Refused(422, "ACTION_NOT_ALLOWED_IN_CURRENT_DISPUTE_STATE")
    return dispute


def _next(call: Call, dispute: dict[str, Any]) -> dict[str, Any]:
    href = f"{call.base}/v1/customer/disputes/{dispute['_id']}"
    return {"links": [{"href": href, "rel": "self", "method": "GET"}]}


def _tell(world: World, dispute: dict[str, Any], what: str) -> None:
    event = f"CUSTOMER.DISPUTE.{what}"
    events.tell(world, dispute["_merchant"], event, "dispute", dispute)
