"""What a provider account can still pay out."""

from __future__ import annotations

from dataclasses import dataclass

from apps.ledger.selectors import account_balance
from apps.payments.selectors import provider_account as payments_account
from apps.platform.money import Money
from apps.settlements.models import FloatPosition

#: The ledger account of money that has left its payee's payable and not yet arrived.
IN_TRANSIT = "2900"


@dataclass(frozen=True, slots=True, kw_only=True)
class FloatRow:
    """The float in our books, and what is left when everything on its way has been paid."""

    provider_account: str
    held: Money
    in_transit: Money
    available: Money


def paying_accounts() -> list[tuple[str, str]]:
    """Provider accounts that pay out, by label, each with its currency."""
    labels = FloatPosition.objects.order_by("provider_account").values_list(
        "provider_account", flat=True
    )
    return [(label, payments_account(label=label).currency) for label in labels]


def float_cover(*, provider_account: str) -> FloatRow:
    """The float of a provider account now. Releasing holds its position's lock while asking."""
    held = account_balance(payments_account(label=provider_account).clearing_account).balance
    in_transit = account_balance(IN_TRANSIT).balance
    return FloatRow(
        provider_account=provider_account,
        held=held,
        in_transit=in_transit,
        available=held - in_transit,
    )
