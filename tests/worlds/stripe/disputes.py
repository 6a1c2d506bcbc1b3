"""Disputes: opened by a payer's bank, answered with evidence, won, lost, or run out of time."""

from __future__ import annotations

from tests.worlds.stripe import books, cards, events, objects
from tests.worlds.stripe.books import Draft
from tests.worlds.stripe.call import Call
from tests.worlds.stripe.errors import unexpected
from tests.worlds.stripe.objects import Body
from tests.worlds.stripe.world import World

DECIDE, LAPSE = "dispute.decide", "dispute.lapse"
FEE_MINOR = 1_500
ANSWER_SECONDS = 7 * 24 * 3600
_OPEN = ("needs_response", "warning_needs_response")
EVIDENCE = (
    "access_activity_log", "billing_address", "cancellation_policy", "customer_communication",
    "customer_email_address", "customer_name", "customer_purchase_ip", "customer_signature",
    "duplicate_charge_explanation", "product_description", "receipt", "refund_policy",
    "refund_refusal_explanation", "service_date", "service_documentation", "shipping_address",
    "shipping_carrier", "shipping_date", "shipping_documentation", "shipping_tracking_number",
    "uncategorized_file", "uncategorized_text",
)  # fmt: skip


def open_for(world: World, charge_id: str, reason: str = "") -> Body | None:
    """The payer's bank objects to a charge; an inquiry takes no money yet."""
    charge = objects.find(world, charge_id, "charge")
    if charge is None or charge["disputed"] or charge["status"] != "succeeded":
        return None
    method = objects.find(world, charge["payment_method"], "payment_method")
    told = reason or (cards.behaviour(method).dispute if method else "") or "general"
    is_inquiry = told == "inquiry"
    amount = charge["amount_captured"] - charge["amount_refunded"]
    due_by = world.now() + ANSWER_SECONDS
    dispute = objects.add(
        world,
        "du",
        "dispute",
        objects.owner(world, charge_id),
        {
            "amount": amount,
            "balance_transactions": [],
            "charge": charge_id,
            "currency": charge["currency"],
            "evidence": dict.fromkeys(EVIDENCE),
            "evidence_details": {
                "due_by": due_by,
                "has_evidence": False,
                "past_due": False,
                "submission_count": 0,
            },
            "is_charge_refundable": is_inquiry,
            "metadata": {},
            "network_reason_code": "10.4",
            "payment_intent": charge["payment_intent"],
            "reason": "general" if is_inquiry else told,
            "status": "warning_needs_response" if is_inquiry else "needs_response",
        },
    )
    if not is_inquiry:
        charge["disputed"] = True
        objects.save(world, charge)
        _withdraw(world, dispute)
    events.note(world, "charge.dispute.created", dispute)
    if not is_inquiry:
        events.note(world, "charge.dispute.funds_withdrawn", dispute)
    world.schedule(LAPSE, dispute["id"], ANSWER_SECONDS * 1000)
    return dispute


def _withdraw(world: World, dispute: Body) -> None:
    _move(world, dispute, -dispute["amount"], FEE_MINOR, "dispute")


def _move(world: World, dispute: Body, amount: int, fee: int, category: str) -> None:
    id = books.write(
        world,
        Draft(
            account=objects.owner(world, dispute["id"]),
            type="adjustment",
            amount=amount,
            currency=dispute["currency"],
            source=dispute["id"],
            description=f"Chargeback {dispute['charge']}",
            category=category,
            stripe_fee=fee,
        ),
    )
    line = objects.find(world, id)
    dispute["balance_transactions"].append(objects.shown(world, line, []))
    objects.save(world, dispute)


def update(call: Call) -> Body:
    """``POST /v1/disputes/{id}``: evidence, sent on when ``submit`` is true."""
    params, world = call.params, call.world
    dispute = objects.get(world, call.path["id"], "dispute", call.account)
    told = params.below("evidence")
    given = {name: told.text(name) for name in EVIDENCE if told.has(name)}
    metadata = params.metadata()
    submits = params.flag("submit") if params.has("submit") else True
    params.done()
    if dispute["status"] not in _OPEN:
        raise unexpected("This dispute is already closed", "dispute_closed")
    dispute["evidence"] |= given
    dispute["metadata"] |= metadata
    dispute["evidence_details"]["has_evidence"] = True
    if submits:
        dispute["evidence_details"]["submission_count"] += 1
        is_inquiry = dispute["status"].startswith("warning")
        dispute["status"] = "warning_under_review" if is_inquiry else "under_review"
        world.schedule(DECIDE, dispute["id"], world.setting("late_delay_ms"))
    objects.save(world, dispute)
    events.note(world, "charge.dispute.updated", dispute, call=call)
    return dispute


def close(call: Call) -> Body:
    """``POST …/close``: accepted as lost, for good."""
    call.params.done()
    dispute = objects.get(call.world, call.path["id"], "dispute", call.account)
    if dispute["status"] not in _OPEN:
        raise unexpected("This dispute is already closed", "dispute_closed")
    _end(call.world, dispute, "lost", call)
    return dispute


def decide(world: World, id: str) -> None:
    """``winning_evidence`` and ``losing_evidence`` as Stripe's test mode has them."""
    dispute = objects.find(world, id, "dispute")
    if dispute is None or "under_review" not in dispute["status"]:
        return
    told = dispute["evidence"]["uncategorized_text"]
    if dispute["status"].startswith("warning"):
        _end(world, dispute, "warning_closed", None)
        return
    is_won = told == "winning_evidence"
    if is_won:
        _move(world, dispute, dispute["amount"], 0, "dispute_reversal")
        charge = objects.get(world, dispute["charge"], "charge", objects.owner(world, id))
        charge["disputed"] = False
        objects.save(world, charge)
        events.note(world, "charge.dispute.funds_reinstated", dispute)
    _end(world, dispute, "won" if is_won else "lost", None)


def lapse(world: World, id: str) -> None:
    """Nobody answered in time."""
    dispute = objects.find(world, id, "dispute")
    if dispute and dispute["status"] in _OPEN:
        is_inquiry = dispute["status"].startswith("warning")
        dispute["evidence_details"]["past_due"] = True
        _end(world, dispute, "warning_closed" if is_inquiry else "lost", None)


def _end(world: World, dispute: Body, status: str, call: Call | None) -> None:
    dispute["status"] = status
    objects.save(world, dispute)
    events.note(world, "charge.dispute.closed", dispute, call=call)


def retrieve(call: Call) -> Body:
    call.params.done()
    return objects.get(call.world, call.path["id"], "dispute", call.account)


def listed(call: Call) -> Body:
    page = objects.page(
        call.world, "dispute", call.account, call.params, "/v1/disputes", "payment_intent", "charge"
    )
    call.params.done()
    return page
