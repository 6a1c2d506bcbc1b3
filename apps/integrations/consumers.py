"""What neighbours tell us."""

from __future__ import annotations

from apps.integrations.domain import read_order
from apps.integrations.services import collect_order
from apps.platform.actors import Actor, ActorKind
from apps.platform.messaging import InboundEvent, consumer

FOOD_DELIVERY = Actor(ActorKind.SERVICE, "food-delivery")


@consumer(name="integrations.orders", stream="FOOD", subject="food.*.order.placed.v1")
def on_order_placed(event: InboundEvent) -> None:
    """Each order becomes one payment intent."""
    collect_order(order=read_order(event.data), actor=FOOD_DELIVERY)
