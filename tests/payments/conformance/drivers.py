"""What the kit must know of each connector's simulator: how to set the stage, and the truth."""

from __future__ import annotations

import itertools
import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, Protocol

from apps.payments.connectors.base import (
    AccountConfig,
    AttemptView,
    Connector,
    Context,
    ParentView,
    Party,
)
from apps.payments.connectors.promises import submit
from apps.payments.connectors.registry import connector
from apps.payments.domain.states import Operation, Outcome
from apps.platform.http import Exchange, HttpClient
from apps.platform.http.exchange import Request
from apps.platform.ids import new_id
from apps.platform.money import Money
from tests.payments.connectors.paypal.merchant import Memory, Merchant, opened
from tests.payments.world import INITIATOR_PASSWORD, PASSKEY, Control

_numbers = itertools.count(1)


class Driver(Protocol):
    """``driven`` are the operations that can be set on stage here.

    Those ``paid_at_once`` move money without anybody else doing anything.
    """

    code: str
    driven: frozenset[Operation]
    paid_at_once: frozenset[Operation]

    @property
    def context(self) -> Context: ...

    @property
    def secrets(self) -> frozenset[str]: ...

    def attempt(self, operation: Operation) -> AttemptView:
        """One that will do well, with what it builds on already done."""

    def declined(self, operation: Operation) -> AttemptView | None:
        """One that the provider refuses; nothing where its operation cannot be refused."""

    def is_ours(self, method: str, url: str) -> bool:
        """Whether a call is the operation's own, and not for a token."""

    def moved(self) -> int:
        """How many movements of money the provider's own books have for us."""


def rail_of(driver: Driver) -> Connector:
    return connector(driver.code)


def blank(operation: Operation, amount: Money, **more: Any) -> AttemptView:
    name = new_id()
    given: dict[str, Any] = {
        "id": name, "operation": operation, "amount": amount, "phone": "",
        "reference": f"C-{name.hex[-8:]}", "description": "Conformance",
        "provider_key": f"C{name.hex[-11:]}", "provider_refs": {},
        "created_at": datetime.fromtimestamp(time.time(), UTC),
        "return_url": "https://shop.example/back",
    }  # fmt: skip
    return AttemptView(**given | more)


@dataclass
class PaypalDriver:
    """PayPal's simulator."""

    merchant: Merchant
    code: str = "paypal"
    driven: frozenset[Operation] = frozenset(Operation)
    paid_at_once: frozenset[Operation] = frozenset(
        {Operation.CAPTURE, Operation.REFUND, Operation.PAYOUT}
    )

    @property
    def context(self) -> Context:
        return self.merchant.context

    @property
    def secrets(self) -> frozenset[str]:
        return frozenset({self.merchant.context.secret("client_secret")})

    def attempt(self, operation: Operation) -> AttemptView:
        if operation in {Operation.CAPTURE, Operation.VOID}:
            held = self.merchant.paid(how=Operation.AUTHORISE)
            return self.merchant.upon(held, operation, 10_00)
        if operation == Operation.REFUND:
            return self.merchant.upon(self.merchant.paid(), operation, 10_00)
        if operation == Operation.PAYOUT:
            return self.merchant.payout("amina@x.example")
        return self.merchant.attempt(operation)

    def declined(self, operation: Operation) -> AttemptView | None:
        if operation == Operation.PAYOUT:
            return self.merchant.payout("failed@x.example")
        if operation in {Operation.CAPTURE, Operation.REFUND}:
            attempt = self.attempt(operation)
            return replace(attempt, amount=Money(9_999_99, "USD"))
        return None

    def is_ours(self, method: str, url: str) -> bool:
        return "oauth2" not in url

    def moved(self) -> int:
        return len(self.merchant.money())


@dataclass
class MpesaDriver:
    """Daraja's simulator; its callbacks go nowhere, its books tell."""

    control: Control
    shortcode: str
    certificate: str
    cache: Memory = field(default_factory=Memory)
    code: str = "mpesa"
    driven: frozenset[Operation] = frozenset({Operation.PURCHASE, Operation.PAYOUT})
    paid_at_once: frozenset[Operation] = frozenset({Operation.PURCHASE, Operation.PAYOUT})

    @property
    def _kept(self) -> dict[str, str]:
        return {
            "consumer_key": f"conformance-key-{self.shortcode}",
            "consumer_secret": f"conformance-secret-{self.shortcode}",
            "passkey": PASSKEY,
            "initiator_password": INITIATOR_PASSWORD,
            "certificate": self.certificate,
        }

    @property
    def secrets(self) -> frozenset[str]:
        return frozenset({self._kept["consumer_secret"], PASSKEY, INITIATOR_PASSWORD})

    @property
    def context(self) -> Context:
        kept = self._kept
        config: dict[str, object] = {
            "shortcode": self.shortcode,
            "initiator_name": "operator",
            "has_portal": True,
        }
        return Context(
            account=AccountConfig("m", "simulator", self.control.url, "KES", config),
            http=HttpClient(),
            cache=self.cache,
            secret=lambda name: kept[name],
            now=lambda: datetime.fromtimestamp(time.time(), UTC),
            timeout_seconds=5,
            callback_url=lambda kind: f"http://127.0.0.1:9/in/daraja/{kind}",
        )

    def open(self) -> None:
        kept = self._kept
        self.control.tell(
            "accounts", shortcode=self.shortcode, name="Conformance", passkey=PASSKEY,
            consumer_key=kept["consumer_key"], consumer_secret=kept["consumer_secret"],
            initiator="operator", initiator_password=INITIATOR_PASSWORD,
            opening_balances_minor={"utility": 1_000_000_00},
        )  # fmt: skip

    def attempt(self, operation: Operation) -> AttemptView:
        return self._to(operation, "254712345601")

    def declined(self, operation: Operation) -> AttemptView | None:
        return self._to(operation, "254712345602")

    def _to(self, operation: Operation, phone: str) -> AttemptView:
        return blank(operation, Money(100_00, "KES"), phone=phone, party=Party("phone", phone))

    def is_ours(self, method: str, url: str) -> bool:
        return "oauth" not in url

    def moved(self) -> int:
        rows = self.control.transfers(self.shortcode)
        return sum(1 for row in rows if row["kind"] in {"pay_in", "payout"})


@dataclass
class StripeDriver:
    """Stripe's simulator: a card that pays, a card that does not."""

    control: Control
    account: str
    cache: Memory = field(default_factory=Memory)
    code: str = "stripe"
    driven: frozenset[Operation] = frozenset(Operation) - {Operation.PAYOUT}
    paid_at_once: frozenset[Operation] = frozenset(
        {Operation.PURCHASE, Operation.CAPTURE, Operation.REFUND}
    )

    @property
    def secrets(self) -> frozenset[str]:
        return frozenset({f"sk_test_{self.account}", "whsec_conformance"})

    @property
    def context(self) -> Context:
        kept = {"api_key": f"sk_test_{self.account}", "webhook_secret": "whsec_conformance"}
        config = {"base_url": self.control.url}
        return Context(
            account=AccountConfig("s", "simulator", self.control.url, "USD", config),
            http=HttpClient(),
            cache=self.cache,
            secret=lambda name: kept[name],
            now=lambda: datetime.fromtimestamp(time.time(), UTC),
            timeout_seconds=5,
        )

    def attempt(self, operation: Operation) -> AttemptView:
        return self._with(operation, "pm_card_visa")

    def declined(self, operation: Operation) -> AttemptView | None:
        if operation in {Operation.PURCHASE, Operation.AUTHORISE}:
            return self._with(operation, "pm_card_chargeDeclined")
        return None

    def _with(self, operation: Operation, card: str) -> AttemptView:
        if operation in {Operation.PURCHASE, Operation.AUTHORISE}:
            return blank(operation, Money(10_00, "USD"), party=Party("token", card))
        before = Operation.PURCHASE if operation == Operation.REFUND else Operation.AUTHORISE
        return done_before(self, before, operation)

    def is_ours(self, method: str, url: str) -> bool:
        return True

    def moved(self) -> int:
        return int(self.control.ask("proof")["entries"])


class SampleProvider:
    """The sample connector's provider: a dictionary."""

    def __init__(self) -> None:
        self.paid: dict[str, int] = {}

    def send(self, method: str, url: str, **options: Any) -> Exchange:
        key, body = url.rpartition("/")[2], options.get("json") or {}
        if method == "PUT" and body["to"].startswith("declined"):
            return self._answer(url, 402, {"state": "refused"})
        if method == "PUT":
            self.paid.setdefault(key, body["minor"])
        known = key in self.paid
        return self._answer(url, 200 if known else 404, {"state": "paid" if known else "absent"})

    def _answer(self, url: str, status: int, told: dict[str, str]) -> Exchange:
        return Exchange(status, {}, json.dumps(told).encode(), 0.0, Request("PUT", url))


@dataclass
class SampleDriver:
    """The connector that comes with a package of its own."""

    provider: SampleProvider = field(default_factory=SampleProvider)
    code: str = "sample"
    driven: frozenset[Operation] = frozenset({Operation.PAYOUT})
    paid_at_once: frozenset[Operation] = frozenset({Operation.PAYOUT})
    secrets: frozenset[str] = frozenset({"a-secret-of-the-sample"})

    @property
    def context(self) -> Context:
        http: Any = self.provider
        return Context(
            account=AccountConfig("x", "simulator", "http://sample", "USD", {}),
            http=http,
            cache=Memory(),
            secret=lambda _name: "a-secret-of-the-sample",
            now=lambda: datetime.fromtimestamp(time.time(), UTC),
            timeout_seconds=5,
        )

    def attempt(self, operation: Operation) -> AttemptView:
        return blank(operation, Money(10_00, "USD"), party=Party("email", "amina@x.example"))

    def declined(self, operation: Operation) -> AttemptView | None:
        return blank(operation, Money(10_00, "USD"), party=Party("email", "declined@x.example"))

    def is_ours(self, method: str, url: str) -> bool:
        return True

    def moved(self) -> int:
        return len(self.provider.paid)


def done_before(driver: Driver, before: Operation, operation: Operation) -> AttemptView:
    """An attempt of ``operation`` upon one that has succeeded."""
    parent = driver.attempt(before)
    result = submit(rail_of(driver), driver.context, parent)
    assert result.outcome == Outcome.SUCCEEDED, result
    view = ParentView(parent.id, before, parent.amount, parent.provider_key, result.provider_refs)
    return blank(operation, parent.amount, parent=view)


def mpesa(base: Control) -> Driver:
    driver = MpesaDriver(base, str(900_000 + next(_numbers)), base.certificate())
    driver.open()
    return driver


def stripe(base: Control) -> Driver:
    control, account = Control(f"{base.url}/stripe"), f"acct_conf{new_id().hex[-8:]}"
    control.tell("accounts", account=account, customer_pays=0)
    return StripeDriver(control, account)


DRIVERS: dict[str, Callable[[Control], Driver]] = {
    "mpesa": mpesa,
    "stripe": stripe,
    "paypal": lambda base: PaypalDriver(opened(Control(f"{base.url}/paypal"))),
    "sample": lambda _base: SampleDriver(),
}
