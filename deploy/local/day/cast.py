"""Who takes part: two tenants, their people, and what the provider knows them by."""

from __future__ import annotations

from dataclasses import dataclass

CURRENCY = "KES"  # M-Pesa in Kenya moves shillings, whatever a tenant measures its results in

#: Label of a provider account in payments, and what it is for.
COLLECTIONS = "mpesa-collections"
PAYOUTS = "mpesa-payouts"


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """An operator of the console."""

    username: str
    full_name: str
    role: str
    needs_second_factor: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Company:
    """A tenant of the demo."""

    slug: str
    name: str
    functional_currency: str
    brand_color: str
    brand_symbol: str
    paybill: str  # the shortcode that collects
    payout_shortcode: str
    opening_float_minor: int
    opening_bank_usd_minor: int
    restaurants: tuple[str, ...]
    drivers: tuple[str, ...]


PEOPLE = (
    Person(username="amina", full_name="Amina Otieno", role="operator"),
    Person(username="brian", full_name="Brian Mwangi", role="approver", needs_second_factor=True),
    Person(username="grace", full_name="Grace Wanjiku", role="treasurer", needs_second_factor=True),
    Person(username="viola", full_name="Viola Njeri", role="viewer"),
    Person(
        username="admin", full_name="Asha Kamau", role="administrator", needs_second_factor=True
    ),
)

PLATFORM_PERSON = Person(
    username="root", full_name="Kofi Mensah", role="administrator", needs_second_factor=True
)

COMPANIES = (
    Company(
        slug="mara",
        name="Mara Eats",
        functional_currency="KES",
        brand_color="#22665a",
        brand_symbol="restaurant",
        paybill="174379",
        payout_shortcode="600992",
        opening_float_minor=500_000_00,
        opening_bank_usd_minor=0,
        restaurants=("Kilimanjaro Grill", "Mama Njeri's Kitchen", "Swahili Plates"),
        drivers=("Juma Hassan", "Peter Kariuki", "Faith Chebet"),
    ),
    Company(
        slug="baobab",
        name="Baobab Kitchens",
        functional_currency="USD",
        brand_color="#8a4b16",
        brand_symbol="local_dining",
        paybill="174400",
        payout_shortcode="600993",
        opening_float_minor=300_000_00,
        opening_bank_usd_minor=25_000_00,
        restaurants=("Baobab Westlands", "Baobab Kilimani", "Baobab Karen"),
        drivers=("Otieno Ouma", "Wanjiru Kimani", "Abdi Noor"),
    ),
)


def payee_reference(kind: str, number: int) -> str:
    """``rst-1``, ``drv-2``: the neighbour's reference of a restaurant or driver."""
    return f"{'rst' if kind == 'restaurant' else 'drv'}-{number + 1}"


def payee_phone(kind: str, number: int) -> str:
    """Payout numbers. The third driver's ends in 08: the provider pays and never tells us."""
    if kind == "driver" and number == 2:
        return "254720000308"
    return f"2547{2 if kind == 'driver' else 1}0000{number + 1}50"
