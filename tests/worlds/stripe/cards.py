"""The test payment methods: what each of them does, by Stripe's own names and numbers."""

from __future__ import annotations

from dataclasses import dataclass

from tests.worlds.stripe import objects
from tests.worlds.stripe.errors import invalid, missing
from tests.worlds.stripe.form import Params
from tests.worlds.stripe.objects import Body
from tests.worlds.stripe.world import World


@dataclass(frozen=True, slots=True, kw_only=True)
class Behaviour:
    """What a test payment method does when it is charged, and afterwards."""

    last4: str = "4242"
    kind: str = "card"
    code: str = ""  # declined with it
    decline_code: str = ""
    needs_action: bool = False
    dispute: str = ""  # the reason of a dispute that follows; inquiry: one without money
    refund: str = ""  # pending, or fails after it succeeded
    is_available_at_once: bool = False
    processes: str = ""  # not decided at once: succeeds or fails


BEHAVIOURS: dict[str, Behaviour] = {
    "pm_card_visa": Behaviour(),
    "pm_card_mastercard": Behaviour(last4="4444"),
    "pm_card_bypassPending": Behaviour(last4="0077", is_available_at_once=True),
    "pm_card_chargeDeclined": Behaviour(
        last4="0002", code="card_declined", decline_code="generic_decline"
    ),
    "pm_card_chargeDeclinedInsufficientFunds": Behaviour(
        last4="9995", code="card_declined", decline_code="insufficient_funds"
    ),
    "pm_card_chargeDeclinedLostCard": Behaviour(
        last4="9987", code="card_declined", decline_code="lost_card"
    ),
    "pm_card_chargeDeclinedExpiredCard": Behaviour(last4="0069", code="expired_card"),
    "pm_card_chargeDeclinedIncorrectCvc": Behaviour(last4="0127", code="incorrect_cvc"),
    "pm_card_chargeDeclinedProcessingError": Behaviour(last4="0119", code="processing_error"),
    "pm_card_authenticationRequired": Behaviour(last4="3184", needs_action=True),
    "pm_card_createDispute": Behaviour(last4="0259", dispute="fraudulent"),
    "pm_card_createDisputeProductNotReceived": Behaviour(
        last4="2685", dispute="product_not_received"
    ),
    "pm_card_createDisputeInquiry": Behaviour(last4="1976", dispute="inquiry"),
    "pm_card_pendingRefund": Behaviour(last4="7726", refund="pending"),
    "pm_card_refundFail": Behaviour(last4="5126", refund="fails"),
    "pm_usBankAccount_success": Behaviour(
        last4="6789", kind="us_bank_account", processes="succeeds"
    ),
    "pm_usBankAccount_insufficientFunds": Behaviour(
        last4="2227", kind="us_bank_account", processes="fails"
    ),
}
NUMBERS = {
    "4242424242424242": "pm_card_visa",
    "5555555555554444": "pm_card_mastercard",
    "4000000000000077": "pm_card_bypassPending",
    "4000000000000002": "pm_card_chargeDeclined",
    "4000000000009995": "pm_card_chargeDeclinedInsufficientFunds",
    "4000000000009987": "pm_card_chargeDeclinedLostCard",
    "4000000000000069": "pm_card_chargeDeclinedExpiredCard",
    "4000000000000127": "pm_card_chargeDeclinedIncorrectCvc",
    "4000000000000119": "pm_card_chargeDeclinedProcessingError",
    "4000002760003184": "pm_card_authenticationRequired",
    "4000000000000259": "pm_card_createDispute",
    "4000000000002685": "pm_card_createDisputeProductNotReceived",
    "4000000000001976": "pm_card_createDisputeInquiry",
    "4000000000007726": "pm_card_pendingRefund",
    "4000000000005126": "pm_card_refundFail",
}
#: What somebody pays with who was shown an intent of that many cents (its last two digits).
ENDINGS = {
    2: "pm_card_chargeDeclined",
    3: "pm_card_chargeDeclinedInsufficientFunds",
    4: "pm_card_authenticationRequired",
    11: "pm_card_createDispute",
    12: "pm_usBankAccount_success",
    13: "pm_usBankAccount_insufficientFunds",
    14: "pm_card_pendingRefund",
    15: "pm_card_refundFail",
    16: "pm_card_createDisputeInquiry",
}
MESSAGES = {
    "card_declined": "Your card was declined.",
    "expired_card": "Your card has expired.",
    "incorrect_cvc": "Your card's security code is incorrect.",
    "processing_error": "An error occurred while processing your card. Try again in a little bit.",
    "authentication_required": "Your card was declined. This transaction requires authentication.",
    "payment_method_provider_decline": "The payment method provider declined the payment.",
}


def behaviour(method: Body) -> Behaviour:
    return BEHAVIOURS[method["_behaves"]]


def method(world: World, account: str, named: str, param: str = "payment_method") -> Body:
    """The payment method of that id; Stripe's shared test ids make a new one each time."""
    if named in BEHAVIOURS:
        return _new(world, account, named)
    found = objects.find(world, named, "payment_method", account)
    if found is None:
        raise missing("PaymentMethod", named, param)
    return found


def create(world: World, account: str, params: Params) -> Body:
    """``POST /v1/payment_methods``: test numbers and ``tok_…`` names only."""
    params.one_of("type", "card")
    card = params.below("card")
    number, token = card.text("number").replace(" ", ""), card.text("token")
    card.ignore("exp_month", "exp_year", "cvc")
    params.ignore("billing_details", "metadata")
    params.done()
    named = NUMBERS.get(number) or f"pm_card_{token.removeprefix('tok_')}"
    if named not in BEHAVIOURS:
        raise invalid("Your card number is incorrect.", "card[number]", "incorrect_number")
    return _new(world, account, named)


def _new(world: World, account: str, named: str) -> Body:
    what = BEHAVIOURS[named]
    details = {"brand": "visa", "last4": what.last4, "exp_month": 12, "exp_year": 2034}
    return objects.add(
        world,
        "pm",
        "payment_method",
        account,
        {
            "type": what.kind,
            what.kind: details,
            "customer": None,
            "metadata": {},
            "_behaves": named,
        },
    )
