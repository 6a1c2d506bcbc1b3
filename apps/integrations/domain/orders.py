"""Orders of the food-delivery backend (``food.<tenant>.order.placed.v1``).

Amounts are minor units. The customer pays goods and delivery together; the platform keeps its
commission on the goods, the restaurant the rest of them, the driver the delivery fee.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from apps.integrations.errors import UnreadableOrder
from apps.platform.money import Money

COMMISSION_MAX_BPS = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Party:
    """A restaurant or driver as the neighbour knows it."""

    reference: str
    name: str
    phone: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """An order somebody has to pay."""

    reference: str
    goods: Money
    delivery: Money
    commission_bps: int
    restaurant: Party
    driver: Party
    customer_phone: str

    @property
    def total(self) -> Money:
        """What the customer pays."""
        return self.goods + self.delivery

    @property
    def commission(self) -> Money:
        """What the platform keeps; rounded half to even on the minor unit."""
        return self.goods.share_bps(self.commission_bps)


def read_order(data: Mapping[str, Any]) -> Order:
    """Read an event's data; ``UnreadableOrder`` names the first field that is wrong."""
    currency = _text(data, "currency")
    order = Order(
        reference=_text(data, "order_id"),
        goods=_money(data, "goods_minor", currency),
        delivery=_money(data, "delivery_minor", currency),
        commission_bps=_whole(data, "commission_bps", COMMISSION_MAX_BPS),
        restaurant=_party(data, "restaurant"),
        driver=_party(data, "driver"),
        customer_phone=_text(data, "customer_phone"),
    )
    if order.total.minor <= 0:
        raise UnreadableOrder(field="goods_minor")
    return order


def _party(data: Mapping[str, Any], field: str) -> Party:
    inner = data.get(field)
    if not isinstance(inner, Mapping):
        raise UnreadableOrder(field=field)
    try:
        return Party(
            reference=_text(inner, "reference"),
            name=_text(inner, "name"),
            phone=_text(inner, "phone"),
        )
    except UnreadableOrder as error:
        raise UnreadableOrder(field=f"{field}.{error.field}") from None


def _text(data: Mapping[str, Any], field: str) -> str:
    value = data.get(field)
    if not isinstance(value, str) or not value.strip():
        raise UnreadableOrder(field=field)
    return value


def _whole(data: Mapping[str, Any], field: str, high: int) -> int:
    value = data.get(field)
    if type(value) is not int or not 0 <= value <= high:
        raise UnreadableOrder(field=field)
    return value


def _money(data: Mapping[str, Any], field: str, currency: str) -> Money:
    try:
        return Money(_whole(data, field, 2**62), currency)
    except ValueError:
        raise UnreadableOrder(field="currency") from None
