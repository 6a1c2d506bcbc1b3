"""From an order to a payment."""

from __future__ import annotations

from apps.integrations.domain import Order
from apps.payments.domain import Allocation
from apps.payments.services import create_payment_intent, start_collection
from apps.platform import audit
from apps.platform.actors import Actor
from apps.platform.use_cases import use_case
from apps.settlements.domain import PayeeKind, PayoutDetails
from apps.settlements.services import register_payee

COMMISSION = "4000"


@use_case("integrations.collect_order")
def collect_order(*, order: Order, actor: Actor) -> None:
    """Ask the customer for the order's total, and say now whom the money will belong to.

    The same order again changes nothing; the same reference with other facts is refused by
    payments.
    """
    currency = order.total.currency
    restaurant = register_payee(
        reference=order.restaurant.reference,
        name=order.restaurant.name,
        kind=PayeeKind.RESTAURANT,
        details=PayoutDetails.to_phone(order.restaurant.phone),
        currency=currency,
        actor=actor,
    )
    driver = register_payee(
        reference=order.driver.reference,
        name=order.driver.name,
        kind=PayeeKind.DRIVER,
        details=PayoutDetails.to_phone(order.driver.phone),
        currency=currency,
        actor=actor,
    )
    shares = [
        Allocation(COMMISSION, order.commission),
        Allocation(restaurant, order.goods - order.commission),
        Allocation(driver, order.delivery),
    ]
    receipt = create_payment_intent(
        reference=order.reference,
        amount=order.total,
        payer_phone=order.customer_phone,
        allocation=[share for share in shares if share.amount],
        description=f"Order {order.reference}",
        idempotency_key=f"order:{order.reference}",
        actor=actor,
    )
    if not receipt.is_replay:
        start_collection(intent_id=receipt.intent_id, actor=actor)
    audit.note(order.reference)
