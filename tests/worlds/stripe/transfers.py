"""Transfers to connected accounts, their reversals, and application fees given back."""

from __future__ import annotations

from tests.worlds.stripe import books, charges, events, objects
from tests.worlds.stripe.books import Draft
from tests.worlds.stripe.call import Call
from tests.worlds.stripe.errors import invalid, unexpected
from tests.worlds.stripe.objects import Body
from tests.worlds.stripe.world import World


def create(call: Call) -> Body:
    """``POST /v1/transfers``, from the available balance or out of one charge."""
    params, world = call.params, call.world
    amount, currency = params.amount(), params.currency()
    destination = params.need("destination")
    account = objects.get(world, destination, "account", call.platform, "destination")
    if account["capabilities"].get("transfers") != "active":
        raise unexpected(
            "Your destination account needs to have at least one of the following capabilities"
            " enabled: transfers, crypto_transfers, legacy_payments",
            "insufficient_capabilities_for_transfer",
        )
    asked = {
        "amount": amount,
        "currency": currency,
        "destination": destination,
        "description": params.text("description") or None,
        "metadata": params.metadata(),
        "source_transaction": params.text("source_transaction") or None,
        "transfer_group": params.text("transfer_group") or None,
    }
    params.done()
    waits = _waits(call, asked)
    return charges.transfer_money(world, call.account, asked, waits=waits)


def _waits(call: Call, asked: Body) -> int:
    """Money of a charge may be sent on before it is available; then it waits there too."""
    world = call.world
    if asked["source_transaction"] is None:
        if books.available(world, call.account, asked["currency"]) < asked["amount"]:
            raise unexpected(
                "You have insufficient available funds in your Stripe account.",
                "balance_insufficient",
            )
        return 0
    source = objects.get(
        world, asked["source_transaction"], "charge", call.account, "source_transaction"
    )
    sent = sum(
        transfer["amount"] - transfer["amount_reversed"]
        for transfer in objects.having(world, "transfer", "source_transaction", source["id"])
    )
    if sent + asked["amount"] > source["amount_captured"]:
        raise invalid("Transfers using this charge exceed its amount.", "amount")
    line = objects.find(world, source["balance_transaction"] or "")
    return max(0, line["available_on"] - world.now()) if line else 0


def reverse(call: Call) -> Body:
    """``POST /v1/transfers/{id}/reversals``, whole or in part."""
    params, world = call.params, call.world
    transfer = objects.get(world, call.path["id"], "transfer", call.account)
    part, metadata = params.whole("amount"), params.metadata()
    returns_fee = params.flag("refund_application_fee")
    params.ignore("description")
    params.done()
    amount = transfer["amount"] - transfer["amount_reversed"] if part is None else part
    return take_back(world, transfer["id"], amount, returns_fee=returns_fee, metadata=metadata)


def take_back(
    world: World, id: str, amount: int, *, returns_fee: bool, metadata: Body | None = None
) -> Body:
    """The connected account's balance goes down, the platform's up."""
    platform = objects.owner(world, id)
    transfer = objects.get(world, id, "transfer", platform)
    left = transfer["amount"] - transfer["amount_reversed"]
    if not 0 < amount <= left:
        raise unexpected(
            f"Reversal amount ({amount}) is greater than the unreversed amount ({left})",
            "transfer_reversal_exceeds_amount",
        )
    reversal = objects.add(
        world,
        "trr",
        "transfer_reversal",
        platform,
        {
            "amount": amount,
            "balance_transaction": None,
            "currency": transfer["currency"],
            "destination_payment_refund": None,
            "metadata": metadata or {},
            "source_refund": None,
            "transfer": id,
        },
    )
    between = f"transfer:{id}"
    books.write(
        world,
        Draft(
            account=transfer["destination"],
            type="payment_refund",
            amount=-amount,
            currency=transfer["currency"],
            source=transfer["destination_payment"],
            other=between,
        ),
    )
    reversal["balance_transaction"] = books.write(
        world,
        Draft(
            account=platform,
            type="transfer_refund",
            amount=amount,
            currency=transfer["currency"],
            source=reversal["id"],
            other=between,
        ),
    )
    objects.save(world, reversal)
    transfer["amount_reversed"] += amount
    transfer["reversed"] = transfer["amount_reversed"] == transfer["amount"]
    transfer["reversals"]["data"].insert(0, reversal)
    objects.save(world, transfer)
    if returns_fee and transfer["source_transaction"]:
        _return_fee_of(world, transfer, amount)
    events.note(world, "transfer.reversed", transfer)
    return reversal


def _return_fee_of(world: World, transfer: Body, amount: int) -> None:
    platform = objects.owner(world, transfer["id"])
    charge = objects.get(world, transfer["source_transaction"], "charge", platform)
    if charge["application_fee"]:
        share = charge["application_fee_amount"] * amount // transfer["amount"]
        return_fee(world, charge["application_fee"], share)


def return_fee(world: World, id: str, amount: int) -> Body:
    """A part of an application fee goes back to the connected account."""
    platform = objects.owner(world, id)
    fee = objects.get(world, id, "application_fee", platform)
    left = fee["amount"] - fee["amount_refunded"]
    if not 0 < amount <= left:
        raise unexpected("The application fee has been refunded.", "application_fee_refunded")
    refund = objects.add(
        world,
        "fr",
        "fee_refund",
        platform,
        {"amount": amount, "currency": fee["currency"], "fee": id, "metadata": {}},
    )
    between = f"fee:{id}"
    refund["balance_transaction"] = books.write(
        world,
        Draft(
            account=platform,
            type="application_fee_refund",
            amount=-amount,
            currency=fee["currency"],
            source=refund["id"],
            other=between,
        ),
    )
    books.write(
        world,
        Draft(
            account=fee["account"],
            type="adjustment",
            amount=amount,
            currency=fee["currency"],
            source=refund["id"],
            other=between,
            category="platform_earning_refund",
        ),
    )
    objects.save(world, refund)
    fee["amount_refunded"] += amount
    fee["refunded"] = fee["amount_refunded"] == fee["amount"]
    objects.save(world, fee)
    events.note(world, "application_fee.refunded", fee)
    return refund


def refund_fee(call: Call) -> Body:
    """``POST /v1/application_fees/{id}/refunds``."""
    fee = objects.get(call.world, call.path["id"], "application_fee", call.account)
    part = call.params.whole("amount")
    call.params.done()
    amount = fee["amount"] - fee["amount_refunded"] if part is None else part
    return return_fee(call.world, fee["id"], amount)


def retrieve(call: Call) -> Body:
    call.params.done()
    return objects.get(call.world, call.path["id"], "transfer", call.account)


def listed(call: Call) -> Body:
    page = objects.page(
        call.world, "transfer", call.account, call.params, "/v1/transfers", "destination",
        "transfer_group",
    )  # fmt: skip
    call.params.done()
    return page


def reversals(call: Call) -> Body:
    transfer = objects.get(call.world, call.path["id"], "transfer", call.account)
    url = f"/v1/transfers/{transfer['id']}/reversals"
    page = objects.page(call.world, "transfer_reversal", call.account, call.params, url)
    call.params.done()
    page["data"] = [row for row in page["data"] if row["transfer"] == transfer["id"]]
    return page


def fees(call: Call) -> Body:
    page = objects.page(
        call.world, "application_fee", call.account, call.params, "/v1/application_fees", "charge"
    )
    call.params.done()
    return page


def fee(call: Call) -> Body:
    call.params.done()
    return objects.get(call.world, call.path["id"], "application_fee", call.account)
