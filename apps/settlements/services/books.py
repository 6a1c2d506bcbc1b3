"""The accounts settlements posts to."""

from __future__ import annotations

from apps.ledger.services import open_account
from apps.platform import clock
from apps.platform.actors import Actor
from apps.platform.use_cases import use_case
from apps.settlements.models import FloatPosition
from apps.settlements.selectors.floats import IN_TRANSIT

RESTAURANT_PAYABLES = "2100"
DRIVER_PAYABLES = "2200"

_ACCOUNTS = [
    (RESTAURANT_PAYABLES, "Restaurant payables", "liability", True),
    (DRIVER_PAYABLES, "Driver payables", "liability", True),
    (IN_TRANSIT, "Payouts in transit", "liability", False),
]


@use_case("settlements.prepare_books")
def prepare_books(*, currency: str, provider_account: str, actor: Actor) -> None:
    """Open the accounts that disbursements post to. Doing it again changes nothing.

    ``provider_account`` is the label of the account that pays out. What statements post to (the
    provider's mirror, its fees, its suspense) belongs to the provider account and is opened there.
    """
    for code, name, account_class, is_header in _ACCOUNTS:
        open_account(
            code=code,
            name=name,
            account_class=account_class,
            currency=currency,
            is_header=is_header,
            actor=actor,
        )
    FloatPosition.objects.get_or_create(
        provider_account=provider_account, defaults={"created_at": clock.now()}
    )
