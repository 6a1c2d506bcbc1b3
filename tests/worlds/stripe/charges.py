"""Charges: the movement of money behind an intent, with its fee, transfer and application fee."""

from __future__ import annotations

from typing import Any

from tests.worlds.stripe import books, events, objects
from tests.worlds.stripe.books import Draft
from tests.worlds.stripe.call import Call
from tests.worlds.stripe.cards import MESSAGES, Behaviour, behaviour
from tests.worlds.stripe.objects import Body
from tests.worlds.stripe.world import World

DISPUTE = "dispute.open"


def attempt(world: World, intent: Body, method: Body, status: str, call: Call | None) -> Body:
    """The charge of one confirmation; ``status`` is succeeded, pending or failed."""
    what = behaviour(method)
    is_held = intent["capture_method"] == "manual"
    is_paid = status != "failed"
    account = objects.owner(world, intent["id"])
    is_captured = is_paid and not is_held
    return objects.add(
        world,
        "ch",
        "charge",
        account,
        {
            "amount": intent["amount"],
            "amount_captured": intent["amount"] if is_captured else 0,
            "amount_refunded": 0,
            "application_fee": None,
            "application_fee_amount": intent["application_fee_amount"],
            "balance_transaction": None,
            "captured": is_captured,
            "currency": intent["currency"],
            "customer": intent["customer"],
            "description": intent["description"],
            "destination": (intent["transfer_data"] or {}).get("destination"),
            "disputed": False,
            "failure_code": None if is_paid else what.code,
            "failure_message": None if is_paid else MESSAGES.get(what.code),
            "metadata": intent["metadata"],
            "on_behalf_of": intent["on_behalf_of"],
            "outcome": _outcome(what, is_paid=is_paid),
            "paid": is_paid,
            "payment_intent": intent["id"],
            "payment_method": method["id"],
            "payment_method_details": {
                "type": method["type"],
                method["type"]: method[method["type"]],
            },
            "refunded": False,
            "source_transfer": None,
            "status": status,
            "transfer": None,
            "transfer_data": intent["transfer_data"],
            "transfer_group": intent["transfer_group"],
        },
    )


def _outcome(what: Behaviour, *, is_paid: bool) -> dict[str, Any]:
    return {
        "network_status": "approved_by_network" if is_paid else "declined_by_network",
        "reason": None if is_paid else what.decline_code or what.code,
        "type": "authorized" if is_paid else "issuer_declined",
    }


def settle(world: World, charge: Body, amount: int, call: Call | None) -> None:
    """The captured money reaches the balance: fee, transfer to a destination, application fee."""
    account = objects.owner(world, charge["id"])
    platform = events.platform_of(world, account)
    method = objects.find(world, charge["payment_method"], "payment_method")
    what = behaviour(method) if method else Behaviour()
    waits = 0 if what.is_available_at_once else world.setting("settlement_seconds")
    is_direct = account != platform
    application_fee = (charge["application_fee_amount"] or 0) if is_direct else 0
    charge["balance_transaction"] = books.write(
        world,
        Draft(
            account=account,
            type="charge",
            amount=amount,
            currency=charge["currency"],
            source=charge["id"],
            description=charge["description"] or "",
            stripe_fee=books.processing_fee(world, platform, amount),
            application_fee=application_fee,
            application_fee_to=platform if application_fee else "",
            waits_seconds=waits,
        ),
    )
    if application_fee:
        charge["application_fee"] = earn(world, platform, account, charge, application_fee)["id"]
    if charge["transfer_data"]:
        _forward(world, charge, amount, waits)
    objects.save(world, charge)
    if what.dispute:
        world.schedule(DISPUTE, charge["id"], world.setting("late_delay_ms"))


def _forward(world: World, charge: Body, amount: int, waits: int) -> None:
    """A destination charge: the transfer is made with the charge, the fee comes back from it."""
    data, fee = charge["transfer_data"], charge["application_fee_amount"] or 0
    transfer = transfer_money(
        world,
        objects.owner(world, charge["id"]),
        {
            "amount": data.get("amount") or amount,
            "currency": charge["currency"],
            "destination": data["destination"],
            "description": None,
            "metadata": {},
            "source_transaction": charge["id"],
            "transfer_group": charge["transfer_group"] or f"group_{charge['payment_intent']}",
        },
        application_fee=fee,
        waits=waits,
    )
    charge["transfer"] = transfer["id"]
    charge["transfer_group"] = transfer["transfer_group"]
    if fee:
        platform = objects.owner(world, charge["id"])
        charge["application_fee"] = earn(world, platform, data["destination"], charge, fee)["id"]


def transfer_money(
    world: World, platform: str, asked: Body, *, application_fee: int = 0, waits: int = 0
) -> Body:
    """From the platform's balance to a connected account's, and a payment there to show for it."""
    transfer = objects.add(
        world,
        "tr",
        "transfer",
        platform,
        {
            **asked,
            "amount_reversed": 0,
            "balance_transaction": None,
            "destination_payment": None,
            "reversals": {"object": "list", "data": [], "has_more": False, "url": ""},
            "reversed": False,
            "source_type": "card",
        },
    )
    transfer["reversals"]["url"] = f"/v1/transfers/{transfer['id']}/reversals"
    between = f"transfer:{transfer['id']}"
    transfer["balance_transaction"] = books.write(
        world,
        Draft(
            account=platform,
            type="transfer",
            amount=-asked["amount"],
            currency=asked["currency"],
            source=transfer["id"],
            other=between,
            waits_seconds=waits,
        ),
    )
    payment = _payment_there(world, transfer)
    payment["balance_transaction"] = books.write(
        world,
        Draft(
            account=asked["destination"],
            type="payment",
            amount=asked["amount"],
            currency=asked["currency"],
            source=payment["id"],
            other=between,
            application_fee=application_fee,
            application_fee_to=platform if application_fee else "",
            waits_seconds=waits,
        ),
    )
    objects.save(world, payment)
    transfer["destination_payment"] = payment["id"]
    objects.save(world, transfer)
    events.note(world, "transfer.created", transfer)
    return transfer


def _payment_there(world: World, transfer: Body) -> Body:
    """What the connected account sees of a transfer."""
    amount = transfer["amount"]
    return objects.add(
        world,
        "py",
        "charge",
        transfer["destination"],
        {
            "amount": amount,
            "amount_captured": amount,
            "amount_refunded": 0,
            "captured": True,
            "currency": transfer["currency"],
            "metadata": {},
            "paid": True,
            "payment_intent": None,
            "payment_method": None,
            "refunded": False,
            "source_transfer": transfer["id"],
            "status": "succeeded",
        },
    )


def earn(world: World, platform: str, account: str, charge: Body, amount: int) -> Body:
    """The platform's application fee for a charge."""
    fee = objects.add(
        world,
        "fee",
        "application_fee",
        platform,
        {
            "account": account,
            "amount": amount,
            "amount_refunded": 0,
            "application": "ca_platform",
            "charge": charge["id"],
            "currency": charge["currency"],
            "originating_transaction": charge["id"],
            "refunded": False,
        },
    )
    fee["balance_transaction"] = books.write(
        world,
        Draft(
            account=platform,
            type="application_fee",
            amount=amount,
            currency=charge["currency"],
            source=fee["id"],
            other=f"due:{platform}",
        ),
    )
    objects.save(world, fee)
    events.note(world, "application_fee.created", fee)
    return fee


def retrieve(call: Call) -> Body:
    call.params.done()
    return objects.get(call.world, call.path["id"], "charge", call.account)


def listed(call: Call) -> Body:
    page = objects.page(
        call.world, "charge", call.account, call.params, "/v1/charges", "payment_intent",
        "transfer_group",
    )  # fmt: skip
    call.params.done()
    return page
