"""A tenant with two accounts at the simulated provider, driven as workers would drive it."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar
from uuid import UUID

import httpx

from apps.ledger.selectors import account_balance
from apps.ledger.services import open_account
from apps.payments import selectors, services
from apps.payments.domain import Allocation, AttemptRow, PaymentView, ProviderAccountDraft
from apps.platform.actors import SYSTEM
from apps.platform.ids import new_id
from apps.platform.models import OutboxMessage
from apps.platform.money import Money

COLLECTIONS, PAYOUTS = "mpesa-collections", "mpesa-payouts"
PASSKEY = "bfb279f9aa9bdbcf158e97dd71a467cd2e0c893059b10f78e6b72ada1ed2c919"
INITIATOR_PASSWORD = "Pa55#word-of-the-operator"
TARIFF = {
    "payout_bands": [[100_00, 0], [1_500_00, 5_00], [5_000_00, 9_00], [20_000_00, 11_00]],
    "pay_in_bps": 55,
}
WAIT_SECONDS = 20.0
T = TypeVar("T")


def kes(shillings: int) -> Money:
    return Money(shillings * 100, "KES")


def allocation(amount: Money) -> list[Allocation]:
    """A commission of a tenth, the rest to a restaurant."""
    fee = Money(amount.minor // 10, amount.currency)
    return [Allocation("4000", fee), Allocation("2100.rst-1", amount - fee)]


def open_chart() -> None:
    """What other apps would open."""
    services.prepare_books(currency="KES", actor=SYSTEM)
    for code, kind, is_header, parent in (
        ("1200", "asset", False, ""),
        ("2100", "liability", True, ""),
        ("2100.rst-1", "liability", False, "2100"),
        ("2900", "liability", False, ""),
        ("4000", "income", False, ""),
        ("3000", "equity", False, ""),
    ):
        open_account(
            code=code, name=code, account_class=kind, currency="KES", is_header=is_header,
            parent=parent, actor=SYSTEM,
        )  # fmt: skip


def account_draft(label: str, shortcode: str, base_url: str, **config: Any) -> ProviderAccountDraft:
    is_payouts = label == PAYOUTS
    return ProviderAccountDraft(
        label=label,
        name="M-Pesa payouts" if is_payouts else "M-Pesa collections",
        connector="mpesa",
        environment="simulator",
        currency="KES",
        clearing_account="1110" if is_payouts else "1100",
        fee_account="5010" if is_payouts else "5000",
        secrets_ref=f"payments/{shortcode}",
        config={
            "shortcode": shortcode,
            "base_url": base_url,
            "operations": ["payout" if is_payouts else "purchase"],
            "initiator_name": "operator",
            "has_portal": True,
            "prompt_dead_after_seconds": 120,
            "tariff": TARIFF,
            **config,
        },
    )


def keep_secrets(shortcode: str, certificate: str) -> dict[str, str]:
    """Put an organisation's credentials where the secrets provider of tests looks for them."""
    values = {
        "consumer_key": f"key-{shortcode}-of-the-app",
        "consumer_secret": f"secret-{shortcode}-of-the-app",
        "passkey": PASSKEY,
        "initiator_password": INITIATOR_PASSWORD,
        "certificate": certificate,
    }
    for name, value in values.items():
        os.environ[f"SECRET_PAYMENTS_{shortcode}_{name.upper()}"] = value
    return values


@dataclass
class Control:
    """The simulator's control door."""

    url: str

    def tell(self, path_: str, /, **body: Any) -> dict[str, Any]:
        answer = httpx.post(f"{self.url}/_control/{path_}", json=body, trust_env=False)
        assert answer.status_code < 300, answer.text
        return dict(answer.json())

    def ask(self, path: str, **params: str) -> dict[str, Any]:
        answer = httpx.get(f"{self.url}/_control/{path}", params=params, trust_env=False)
        return dict(answer.json())

    def certificate(self) -> str:
        return httpx.get(f"{self.url}/_control/certificate", trust_env=False).text

    def register(self, shortcode: str, certificate: str) -> None:
        secrets = keep_secrets(shortcode, certificate)
        self.tell(
            "accounts",
            shortcode=shortcode,
            name=f"Organisation {shortcode}",
            passkey=PASSKEY,
            consumer_key=secrets["consumer_key"],
            consumer_secret=secrets["consumer_secret"],
            initiator="operator",
            initiator_password=INITIATOR_PASSWORD,
            opening_balances_minor={"utility": 1_000_000_00},
        )

    def transfers(self, shortcode: str, kind: str = "") -> list[dict[str, Any]]:
        rows = self.ask("transactions", shortcode=shortcode)["transactions"]
        return [row for row in rows if kind in {"", row["kind"]}]


def until(look: Callable[[], T | None], what: str = "it", *, seconds: float = WAIT_SECONDS) -> T:
    deadline = time.monotonic() + seconds
    while not (found := look()):
        assert time.monotonic() < deadline, f"{what} did not happen in time"
        time.sleep(0.02)
    return found


def new_intent(phone: str, amount: Money | None = None, reference: str = "") -> UUID:
    asked = amount or kes(1_500)
    reference = reference or f"ORD-{new_id().hex[-7:]}"
    return services.create_payment_intent(
        reference=reference,
        amount=asked,
        payer_phone=phone,
        allocation=allocation(asked),
        description=f"Order {reference}",
        idempotency_key=f"test:{reference}",
        actor=SYSTEM,
    ).intent_id


def collect(phone: str, amount: Money | None = None) -> UUID:
    """An intent with an attempt, sent."""
    intent_id = new_intent(phone, amount)
    services.start_collection(intent_id=intent_id, actor=SYSTEM)
    services.send_due_attempts()
    return intent_id


def queue_payout(phone: str, amount: Money | None = None) -> UUID:
    payout_ref = new_id()
    services.create_payout_attempt(
        payout_ref=payout_ref,
        amount=amount or kes(2_000),
        phone=phone,
        debit_account="2900",
        provider_account=PAYOUTS,
        idempotency_key=f"test:{payout_ref}",
        actor=SYSTEM,
    )
    return payout_ref


def work() -> None:
    """One round of every sweep."""
    services.send_due_attempts()
    services.process_callbacks()
    services.verify_due_attempts()
    services.process_callbacks()


def payment_when(intent_id: UUID, status: str) -> PaymentView:
    """The payment once it has that status."""

    def look() -> PaymentView | None:
        work()
        view = selectors.payment(intent_id)
        return view if view.intent.status == status else None

    return until(look, f"payment {status}")


def payout_when(payout_ref: UUID, state: str) -> AttemptRow:
    def look() -> AttemptRow | None:
        work()
        attempt = selectors.attempt_for(payout_ref)
        return attempt if attempt and attempt.state == state else None

    return until(look, f"payout {state}")


def told(name: str, subject: str) -> list[dict[str, Any]]:
    """The payloads of an event that mention a public id, a reference or a payout."""
    rows = OutboxMessage.objects.filter(name=f"payments.{name}").order_by("recorded_at", "id")
    return [row.payload for row in rows if subject in json.dumps(row.payload)]


def balance(account: str) -> int:
    return account_balance(account).balance.minor
