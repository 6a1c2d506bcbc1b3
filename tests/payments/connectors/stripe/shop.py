"""An account at the simulated Stripe, and attempts for the connector to work on."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from apps.payments.connectors.base import (
    AttemptView,
    Context,
    ParentView,
    Party,
    Result,
)
from apps.payments.connectors.stripe import connect
from apps.payments.connectors.stripe.connector import StripeConnector
from apps.payments.domain.states import Operation
from apps.platform import clock
from apps.platform.ids import new_id
from apps.platform.money import Money
from tests.payments.world import Control

RAIL = StripeConnector()
SECRET = "whsec_of_the_shop"
CARD = Party("token", "pm_card_visa")
LATER = timedelta(hours=2)


@dataclass
class Shop:
    """An account at the simulator of its own."""

    control: Control
    account: str
    context: Context

    def attempt(self, amount: int = 1_500, operation: str = "purchase", **more: Any) -> AttemptView:
        id = new_id()
        facts: dict[str, Any] = {
            "id": id, "operation": Operation(operation), "amount": Money(amount, "USD"),
            "phone": "", "reference": f"ORD-{id.hex[-6:]}", "description": "An order",
            "provider_key": str(id), "provider_refs": {}, "created_at": clock.now(),
            "sent_at": clock.now(), "party": CARD,
        }  # fmt: skip
        return AttemptView(**{**facts, **more})

    def fault(self, kind: str, path: str = "/v1/payment_intents", **more: Any) -> None:
        self.control.tell("faults", path=path, kind=kind, **more)

    def ahead(self, by: timedelta) -> Context:
        return dataclasses.replace(self.context, now=lambda: clock.now() + by)

    def onboarded(self) -> str:
        told = connect.open_account(
            self.context, reference="rst-1", country="US", email="a@example.com", key=str(new_id())
        )
        assert told.account is not None
        assert not told.account.is_ready
        self.control.tell("onboard", account=told.account.reference)
        return told.account.reference


def child(shop: Shop, parent: AttemptView, told: Result, operation: str, amount: int = 1_500,
          **more: Any) -> AttemptView:  # fmt: skip
    about = ParentView(
        parent.id, parent.operation, parent.amount, parent.provider_key, told.provider_refs
    )
    return shop.attempt(amount, operation, parent=about, **more)


def knowing(attempt: AttemptView, told: Result) -> AttemptView:
    return dataclasses.replace(attempt, provider_refs=dict(told.provider_refs))


def ending(result: Result) -> tuple[str, str, str]:
    why = result.error
    return result.outcome, why.standard if why else "", why.money_moved if why else ""
