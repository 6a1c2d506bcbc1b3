"""The people behind payments: somebody pays an intent that waits, and answers the bank."""

from __future__ import annotations

from tests.worlds.stripe import cards, charges, events, objects, payment_intents
from tests.worlds.stripe.objects import Body
from tests.worlds.stripe.world import World


def pay(world: World, id: str) -> None:
    """With the method that the amount's last two digits stand for (``cards.ENDINGS``)."""
    intent = _waiting(world, id, "requires_payment_method")
    if intent is None:
        return
    ending = intent["amount"] % 100
    account = objects.owner(world, id)
    if ending == 9:  # declined first, then paid: the news of it comes in the other order
        refused = cards.method(world, account, "pm_card_chargeDeclined")
        payment_intents.charge(world, intent, refused)
    method = cards.method(world, account, cards.ENDINGS.get(ending, "pm_card_visa"))
    payment_intents.charge(world, intent, method)


def pay_with(world: World, id: str, named: str) -> Body | None:
    """Pay a waiting intent with a named test method."""
    intent = _waiting(world, id, "requires_payment_method")
    if intent is not None:
        method = cards.method(world, objects.owner(world, id), named)
        payment_intents.charge(world, intent, method)
    return intent


def authenticate(world: World, id: str) -> None:
    """The payer passes the bank's question."""
    intent = _waiting(world, id, "requires_action")
    if intent is not None:
        method = cards.method(world, objects.owner(world, id), intent["payment_method"])
        payment_intents.charge(world, intent, method, is_authenticated=True)


def refuse_authentication(world: World, id: str) -> None:
    """The payer fails the bank's question: the method is refused."""
    intent = _waiting(world, id, "requires_action")
    if intent is None:
        return
    fault = {
        "type": "invalid_request_error",
        "code": "payment_intent_authentication_failure",
        "message": "The provided PaymentMethod has failed authentication.",
    }
    intent |= {"status": "requires_payment_method", "payment_method": None, "next_action": None}
    intent["last_payment_error"] = fault
    objects.save(world, intent)
    events.note(world, "payment_intent.payment_failed", intent)


def finish(world: World, id: str) -> None:
    """A bank debit that was processing comes to its end."""
    intent = _waiting(world, id, "processing")
    if intent is None:
        return
    account = objects.owner(world, id)
    made = objects.get(world, intent["latest_charge"], "charge", account)
    method = cards.method(world, account, intent["payment_method"])
    if cards.behaviour(method).processes == "succeeds":
        made |= {"status": "succeeded", "captured": True, "amount_captured": made["amount"]}
        charges.settle(world, made, made["amount"], None)
        intent |= {"status": "succeeded", "amount_received": made["amount"]}
        objects.save(world, intent)
        events.note(world, "charge.succeeded", made)
        events.note(world, "payment_intent.succeeded", intent)
        return
    code = "payment_method_provider_decline"
    made |= {"status": "failed", "paid": False, "captured": False, "failure_code": code}
    made["amount_captured"] = 0
    objects.save(world, made)
    intent |= {"status": "requires_payment_method", "payment_method": None}
    intent["last_payment_error"] = {
        "type": "card_error",
        "code": code,
        "decline_code": "insufficient_funds",
        "message": cards.MESSAGES[code],
    }
    objects.save(world, intent)
    events.note(world, "charge.failed", made)
    events.note(world, "payment_intent.payment_failed", intent)


def expire(world: World, id: str) -> None:
    """An authorisation nobody captured lapses after a week."""
    intent = _waiting(world, id, "requires_capture")
    if intent is not None:
        payment_intents.end(world, intent, "automatic", None)


def _waiting(world: World, id: str, status: str) -> Body | None:
    intent = objects.find(world, id, "payment_intent")
    return intent if intent and intent["status"] == status else None
