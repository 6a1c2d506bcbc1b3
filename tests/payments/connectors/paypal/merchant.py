"""A merchant at the simulated PayPal, and our connector working for it without a database."""

from __future__ import annotations

import itertools
import threading
import time
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx

from apps.payments.connectors.base import (
    AccountConfig,
    AttemptView,
    Context,
    ParentView,
    Party,
    Result,
)
from apps.payments.connectors.paypal.connector import PaypalConnector
from apps.payments.connectors.promises import submit
from apps.payments.domain.states import Operation, Outcome
from apps.platform.http import HttpClient
from apps.platform.ids import new_id
from apps.platform.money import Money
from tests.payments.world import Control, until

RAIL = PaypalConnector()
SECRET = "EC-secret-of-this-merchant"
HERE = "https://house.example/in/paypal/token"
_numbers = itertools.count(1)


def usd(minor: int) -> Money:
    return Money(minor, "USD")


class Memory:
    """A cache that anybody can look into."""

    def __init__(self) -> None:
        self.kept: dict[str, str] = {}
        self._lock = threading.Lock()

    def get(self, key: str) -> str | None:
        return self.kept.get(key)

    def set(self, key: str, value: str, timeout: int) -> None:
        self.kept[key] = value

    def add(self, key: str, value: str, timeout: int) -> bool:
        with self._lock:
            is_new = key not in self.kept
            self.kept.setdefault(key, value)
        return is_new

    def delete(self, key: str) -> bool:
        return self.kept.pop(key, None) is not None


@dataclass
class Merchant:
    """``ahead`` moves our clock and the simulator's together."""

    control: Control
    client_id: str
    root: str
    ahead: timedelta = timedelta()
    inbox: str = HERE
    cache: Memory = field(default_factory=Memory)

    @property
    def context(self) -> Context:
        config = {"base_url": self.control.url, "webhook_root": self.root}
        secrets = {"client_id": self.client_id, "client_secret": SECRET}
        return Context(
            account=AccountConfig("paypal", "simulator", self.control.url, "USD", config),
            http=HttpClient(),
            cache=self.cache,
            secret=lambda name: secrets[name],
            now=lambda: datetime.fromtimestamp(time.time(), UTC) + self.ahead,
            timeout_seconds=5,
            account_url=lambda kind: f"{self.inbox}/{self.client_id}/{kind}",
        )

    def attempt(self, operation: Operation, minor: int = 10_00, **more: Any) -> AttemptView:
        name = new_id()
        given: dict[str, Any] = {
            "id": name,
            "operation": operation,
            "amount": usd(minor),
            "phone": "",
            "reference": f"ORD-{name.hex[-6:]}",
            "description": "Dinner for two",
            "provider_key": f"K{name.hex}",
            "provider_refs": {},
            "created_at": self.context.now(),
            "return_url": "https://shop.example/back",
        }
        return AttemptView(**given | more)

    def send(self, attempt: AttemptView) -> tuple[Result, AttemptView]:
        """Submit, and the attempt with what was learned."""
        return learned(submit(RAIL, self.context, attempt), attempt)

    def ask(self, attempt: AttemptView) -> tuple[Result, AttemptView]:
        return learned(RAIL.verify(self.context, attempt), attempt)

    def finish(self, attempt: AttemptView) -> tuple[Result, AttemptView]:
        return learned(RAIL.complete(self.context, attempt), attempt)

    def paid(
        self, minor: int = 10_00, payer: str = "p@x.example", how: Operation = Operation.PURCHASE
    ) -> AttemptView:
        """A payment made, or money held."""
        _, attempt = self.send(self.attempt(how, minor))
        self.control.tell("approve", order=attempt.provider_refs["order_id"], payer=payer)
        result, attempt = self.finish(attempt)
        assert result.outcome == Outcome.SUCCEEDED, result
        return attempt

    def upon(self, parent: AttemptView, operation: Operation, minor: int, **m: Any) -> AttemptView:
        """An attempt that builds on another."""
        view = ParentView(
            parent.id, parent.operation, parent.amount, parent.provider_key, parent.provider_refs
        )
        return self.attempt(operation, minor, parent=view, **m)

    def payout(self, receiver: str, minor: int = 20_00) -> AttemptView:
        return self.attempt(Operation.PAYOUT, minor, party=Party("email", receiver))

    def when(self, attempt: AttemptView, outcome: Outcome) -> Result:
        """The verdict once it is that."""

        def look() -> Result | None:
            result, _ = self.ask(attempt)
            return result if result.outcome == outcome else None

        return until(look, outcome, seconds=5)

    def money(self, code: str = "") -> list[tuple[int, int]]:
        """Amounts and fees of the merchant's movements, by PayPal's books."""
        told = self.control.ask("movements", client_id=self.client_id)["movements"]
        return [
            (row["amount_minor"], row["fee_minor"])
            for row in told
            if code in {"", row["event_code"]} and row["event_code"] != "T0300"
        ]

    def later(self, **span: float) -> None:
        self.ahead += timedelta(**span)
        self.control.tell("clock", offset_seconds=int(self.ahead.total_seconds()))

    def get(self, path: str) -> httpx.Response:
        return httpx.get(f"{self.control.url}{path}", trust_env=False)


def learned(result: Result, attempt: AttemptView) -> tuple[Result, AttemptView]:
    refs = {**attempt.provider_refs, **result.provider_refs}
    return result, replace(attempt, provider_refs=refs)


def opened(control: Control) -> Merchant:
    """A merchant of its own with some money."""
    client_id = f"MERCHANT-{next(_numbers)}-{new_id().hex[-6:]}"
    control.tell("accounts", client_id=client_id, client_secret=SECRET, opening_minor=1_000_00)
    return Merchant(
        control, client_id, httpx.get(f"{control.url}/_control/root", trust_env=False).text
    )
