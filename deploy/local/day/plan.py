"""The orders of one day, and what should become of each. Kept on disk, so a day can be resumed."""

from __future__ import annotations

import hashlib
import json
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from deploy.local.day.cast import COMPANIES, CURRENCY, Company, payee_phone, payee_reference

#: The last two digits of a customer's phone decide what happens at the simulated provider.
STORIES: tuple[tuple[str, str, bool], ...] = (
    ("01", "pays at once", True),
    ("50", "pays at once", True),
    ("51", "pays at once", True),
    ("02", "cancels the prompt", False),
    ("03", "has too little money", False),
    ("05", "pays; the callback comes three times", True),
    ("06", "pays; the callback overtakes the acknowledgement", True),
    ("07", "pays; the acknowledgement is lost", True),
    ("08", "pays; no callback ever comes", True),
    ("52", "pays at once", True),
    ("53", "pays at once", True),
    ("54", "pays at once", True),
)
COMMISSION_BPS = 1_800


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedOrder:
    """One order, the story of its payment, and whether money will arrive."""

    tenant: str
    story: str
    is_paid: bool
    event_id: str
    data: dict[str, Any]

    @property
    def reference(self) -> str:
        """The neighbour's reference."""
        return str(self.data["order_id"])

    @property
    def total_minor(self) -> int:
        """What the customer is asked for."""
        return int(self.data["goods_minor"]) + int(self.data["delivery_minor"])


@dataclass(slots=True, kw_only=True)
class Day:
    """One business day. ``done`` names the acts that are over; a resumed day skips them."""

    name: str
    orders: list[PlannedOrder]
    done: list[str] = field(default_factory=list)
    notes: dict[str, Any] = field(default_factory=dict)
    resumed: bool = False

    def of(self, slug: str) -> list[PlannedOrder]:
        """The orders of one tenant."""
        return [order for order in self.orders if order.tenant == slug]


def open_day(folder: Path) -> Day:
    """The day that was not finished, or a new one."""
    path = folder / "day.json"
    if path.exists():
        kept = json.loads(path.read_text())
        if "closed" not in kept["done"]:
            orders = [PlannedOrder(**order) for order in kept.pop("orders")]
            return Day(**kept | {"orders": orders, "resumed": True})
    name = _base36(int(time.time()))
    return Day(name=name, orders=[o for company in COMPANIES for o in _orders(company, name)])


def save(day: Day, folder: Path) -> None:
    """Write the day down, whole or not at all."""
    path = folder / "day.json"
    path.with_suffix(".new").write_text(json.dumps(asdict(day), indent=1))
    path.with_suffix(".new").replace(path)


def _orders(company: Company, day: str) -> list[PlannedOrder]:
    return [
        _order(company, day, number, ending, story, is_paid=is_paid)
        for number, (ending, story, is_paid) in enumerate(STORIES, start=1)
    ]


def _order(
    company: Company, day: str, number: int, ending: str, story: str, *, is_paid: bool
) -> PlannedOrder:
    reference = f"ORD-{day}-{number:02d}"
    chance = int.from_bytes(hashlib.sha256(f"{company.slug}{reference}".encode()).digest()[:4])
    place = number % len(company.restaurants)
    driver = number % len(company.drivers)
    goods = (600 + chance % 2_400) * 100
    return PlannedOrder(
        tenant=company.slug,
        story=story,
        is_paid=is_paid,
        event_id=f"food-{company.slug}-{reference}",
        data={
            "order_id": reference,
            "currency": CURRENCY,
            "goods_minor": goods,
            "delivery_minor": (120 + chance % 90) * 100,
            "commission_bps": COMMISSION_BPS,
            "restaurant": _party("restaurant", place, company.restaurants[place]),
            "driver": _party("driver", driver, company.drivers[driver]),
            "customer_phone": f"25470{chance % 100_000:05d}{ending}",
        },
    )


def _party(kind: str, number: int, name: str) -> dict[str, str]:
    return {
        "reference": payee_reference(kind, number),
        "name": name,
        "phone": payee_phone(kind, number),
    }


def _base36(number: int) -> str:
    digits = ""
    while number:
        number, rest = divmod(number, 36)
        digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"[rest] + digits
    return digits
