"""Refunds: at once, pending, or failing after they had succeeded."""

from __future__ import annotations

from tests.worlds.stripe import books, cards, events, objects, transfers
from tests.worlds.stripe.books import Draft
from tests.worlds.stripe.call import Call
from tests.worlds.stripe.errors import invalid, unexpected
from tests.worlds.stripe.objects import Body
from tests.worlds.stripe.world import World

FINISH, FAIL = "refund.finish", "refund.fail"


def create(call: Call) -> Body:
    """``POST /v1/refunds`` of an intent or a charge, whole or in part."""
    params, world = call.params, call.world
    part, metadata = params.whole("amount"), params.metadata()
    reason = params.text("reason")
    if reason not in {"", "duplicate", "fraudulent", "requested_by_customer"}:
        raise invalid("Invalid reason", "reason")
    charge = _charge(call)
    takes_back, returns_fee = params.flag("reverse_transfer"), params.flag("refund_application_fee")
    params.done()
    amount = _refundable(charge, part)
    method = objects.find(world, charge["payment_method"], "payment_method")
    how = cards.behaviour(method).refund if method else ""
    refund = objects.add(
        world,
        "re",
        "refund",
        call.account,
        {
            "amount": amount,
            "balance_transaction": None,
            "charge": charge["id"],
            "currency": charge["currency"],
            "destination_details": {"type": "card", "card": {"type": "refund"}},
            "metadata": metadata,
            "payment_intent": charge["payment_intent"],
            "reason": reason or None,
            "receipt_number": None,
            "source_transfer_reversal": None,
            "status": "pending" if how == "pending" else "succeeded",
            "transfer_reversal": None,
        },
    )
    refund["balance_transaction"] = books.write(
        world,
        Draft(
            account=call.account,
            type="refund",
            amount=-amount,
            currency=charge["currency"],
            source=refund["id"],
            description=f"REFUND FOR CHARGE {charge['id']}",
        ),
    )
    if takes_back and charge.get("transfer"):
        refund["transfer_reversal"] = transfers.take_back(
            world, charge["transfer"], _share(charge, amount), returns_fee=returns_fee
        )["id"]
    elif returns_fee and charge["application_fee"]:
        transfers.return_fee(world, charge["application_fee"], _fee_share(charge, amount))
    _count(world, charge, amount)
    objects.save(world, refund)
    events.note(world, "refund.created", refund, call=call)
    events.note(world, "charge.refunded", charge, call=call)
    if how:
        action = FINISH if how == "pending" else FAIL
        world.schedule(action, refund["id"], world.setting("late_delay_ms"))
    return refund


def _charge(call: Call) -> Body:
    intent_id, charge_id = call.params.text("payment_intent"), call.params.text("charge")
    if bool(intent_id) == bool(charge_id):
        raise invalid("One of the following params should be provided: payment_intent or charge.")
    if intent_id:
        intent = objects.get(
            call.world, intent_id, "payment_intent", call.account, "payment_intent"
        )
        charge_id = intent["latest_charge"] or ""
        if intent["status"] not in {"succeeded", "requires_capture"} or not charge_id:
            raise unexpected(
                "This PaymentIntent does not have a successful charge to refund.",
                "charge_not_refundable",
            )
    return objects.get(call.world, charge_id, "charge", call.account, "charge")


def _refundable(charge: Body, part: int | None) -> int:
    left: int = charge["amount_captured"] - charge["amount_refunded"]
    if charge["disputed"]:
        raise unexpected(
            f"Charge {charge['id']} has been charged back; cannot issue a refund.",
            "charge_disputed",
        )
    if left == 0:
        raise unexpected(
            f"Charge {charge['id']} has already been refunded.", "charge_already_refunded"
        )
    amount = left if part is None else part
    if not 0 < amount <= left:
        raise invalid(
            f"Refund amount ({amount}) is greater than unrefunded amount on charge ({left})",
            "amount",
        )
    return amount


def _share(charge: Body, amount: int) -> int:
    """The part of a transfer that a refund takes back."""
    moved: int = (charge["transfer_data"] or {}).get("amount") or charge["amount_captured"]
    return moved * amount // int(charge["amount_captured"])


def _fee_share(charge: Body, amount: int) -> int:
    return int(charge["application_fee_amount"]) * amount // int(charge["amount_captured"])


def _count(world: World, charge: Body, change: int) -> None:
    charge["amount_refunded"] += change
    charge["refunded"] = charge["amount_refunded"] == charge["amount_captured"]
    objects.save(world, charge)


def finish(world: World, id: str) -> None:
    refund = objects.find(world, id, "refund")
    if refund and refund["status"] == "pending":
        refund["status"] = "succeeded"
        objects.save(world, refund)
        events.note(world, "refund.updated", refund)


def fail(world: World, id: str) -> None:
    """The payer's bank sends the money back: a refund that had succeeded fails."""
    refund = objects.find(world, id, "refund")
    if refund is None or refund["status"] not in {"pending", "succeeded"}:
        return
    account = objects.owner(world, id)
    refund |= {"status": "failed", "failure_reason": "expired_or_canceled_card"}
    refund["failure_balance_transaction"] = books.write(
        world,
        Draft(
            account=account,
            type="refund_failure",
            amount=refund["amount"],
            currency=refund["currency"],
            source=id,
            description=f"REFUND FAILURE FOR {refund['charge']}",
        ),
    )
    objects.save(world, refund)
    _count(world, objects.get(world, refund["charge"], "charge", account), -refund["amount"])
    events.note(world, "refund.failed", refund)
    events.note(world, "charge.refund.updated", refund)


def retrieve(call: Call) -> Body:
    call.params.done()
    return objects.get(call.world, call.path["id"], "refund", call.account)


def listed(call: Call) -> Body:
    page = objects.page(
        call.world, "refund", call.account, call.params, "/v1/refunds", "payment_intent", "charge"
    )
    call.params.done()
    return page
