"""Payouts from a balance, the platform's or a connected account's, to its bank."""

from __future__ import annotations

from tests.worlds.stripe import books, events, objects
from tests.worlds.stripe.books import Draft
from tests.worlds.stripe.call import Call
from tests.worlds.stripe.errors import invalid, unexpected
from tests.worlds.stripe.objects import Body
from tests.worlds.stripe.world import World

LEAVE, ARRIVE, RETURN = "payout.leave", "payout.arrive", "payout.return"
_HUNDREDS = {"huf", "twd", "isk"}
#: The last two digits of the amount: refused by the bank; paid, and returned later.
FAILS, COMES_BACK = 2, 9


def create(call: Call) -> Body:
    """``POST /v1/payouts``."""
    params, world = call.params, call.world
    amount, currency = params.amount(), params.currency()
    body = {
        "amount": amount,
        "arrival_date": world.now() + 2 * 24 * 3600,
        "automatic": False,
        "balance_transaction": None,
        "currency": currency,
        "description": params.text("description") or None,
        "destination": params.text("destination") or None,
        "failure_balance_transaction": None,
        "failure_code": None,
        "failure_message": None,
        "metadata": params.metadata(),
        "method": params.one_of("method", "standard", "instant"),
        "reconciliation_status": "not_applicable",
        "source_type": params.one_of("source_type", "card"),
        "statement_descriptor": params.text("statement_descriptor") or None,
        "status": "pending",
        "trace_id": None,
        "type": "bank_account",
    }
    params.done()
    _check(call, amount, currency)
    payout = objects.add(world, "po", "payout", call.account, body)
    payout["balance_transaction"] = _move(world, payout, "payout", -amount)
    objects.save(world, payout)
    events.note(world, "payout.created", payout, call=call)
    world.schedule(LEAVE, payout["id"], world.setting("late_delay_ms") // 2)
    return payout


def _check(call: Call, amount: int, currency: str) -> None:
    if currency in _HUNDREDS and amount % 100:
        raise invalid("Payouts in this currency are multiples of 100.", "amount")
    account = objects.find(call.world, call.account, "account")
    if account is not None and not account["payouts_enabled"]:
        raise unexpected(
            "Cannot create payouts: this account has requirements that need to be collected.",
            "payouts_not_allowed",
        )
    if books.available(call.world, call.account, currency) < amount:
        raise unexpected(
            "You have insufficient funds in your Stripe account for this transfer.",
            "balance_insufficient",
        )


def _move(world: World, payout: Body, kind: str, amount: int) -> str:
    return books.write(
        world,
        Draft(
            account=objects.owner(world, payout["id"]),
            type=kind,
            amount=amount,
            currency=payout["currency"],
            source=payout["id"],
            description="STRIPE PAYOUT",
        ),
    )


def leave(world: World, id: str) -> None:
    payout = _in_state(world, id, "pending")
    if payout:
        payout["status"] = "in_transit"
        objects.save(world, payout)
        events.note(world, "payout.updated", payout)
        world.schedule(ARRIVE, id, world.setting("late_delay_ms") // 2)


def arrive(world: World, id: str) -> None:
    payout = _in_state(world, id, "in_transit")
    if payout is None:
        return
    if payout["amount"] % 100 == FAILS:
        _fail(world, payout)
        return
    payout["status"] = "paid"
    payout["trace_id"] = {"status": "supported", "value": f"TR{id[-8:].upper()}"}
    objects.save(world, payout)
    events.note(world, "payout.paid", payout)
    if payout["amount"] % 100 == COMES_BACK:
        world.schedule(RETURN, id, world.setting("late_delay_ms"))


def come_back(world: World, id: str) -> None:
    """Paid, and then the bank returned it: ``paid`` becomes ``failed``."""
    payout = _in_state(world, id, "paid")
    if payout:
        _fail(world, payout)


def _fail(world: World, payout: Body) -> None:
    payout |= {
        "status": "failed",
        "failure_code": "account_closed",
        "failure_message": "The bank account has been closed.",
    }
    payout["failure_balance_transaction"] = _move(world, payout, "payout_failure", payout["amount"])
    objects.save(world, payout)
    events.note(world, "payout.failed", payout)


def cancel(call: Call) -> Body:
    """``POST …/cancel``: only before it leaves."""
    call.params.done()
    payout = objects.get(call.world, call.path["id"], "payout", call.account)
    if payout["status"] != "pending":
        raise unexpected("Payouts can only be canceled while pending.", "payout_not_cancelable")
    payout["status"] = "canceled"
    payout["failure_balance_transaction"] = _move(
        call.world, payout, "payout_cancel", payout["amount"]
    )
    objects.save(call.world, payout)
    events.note(call.world, "payout.canceled", payout, call=call)
    return payout


def _in_state(world: World, id: str, status: str) -> Body | None:
    payout = objects.find(world, id, "payout")
    return payout if payout and payout["status"] == status else None


def retrieve(call: Call) -> Body:
    call.params.done()
    return objects.get(call.world, call.path["id"], "payout", call.account)


def listed(call: Call) -> Body:
    page = objects.page(
        call.world, "payout", call.account, call.params, "/v1/payouts", "status", "destination"
    )
    call.params.done()
    return page
