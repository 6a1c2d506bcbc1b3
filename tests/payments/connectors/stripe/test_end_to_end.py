"""From an intent to the journal over the simulated Stripe, as workers and webhooks would do it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TypeVar
from uuid import UUID

import httpx
import pytest

from apps.ledger.services import open_account
from apps.payments import selectors, services
from apps.payments.domain import PaymentView, ProviderAccountDraft
from apps.payments.domain.states import CaptureMethod
from apps.payments.models import Callback, Dispute, ProviderAccount
from apps.payments.selectors import payments_violations
from apps.payments.selectors.contexts import account_callback_url
from apps.platform.actors import SYSTEM, Actor, ActorKind
from apps.platform.ids import new_id
from apps.platform.money import Money
from tests.identity.people import make_person
from tests.payments.conftest import House
from tests.payments.world import (
    Control,
    allocation,
    balance,
    kes,
    payment_when,
    told,
    until,
    work,
)

LABEL, CLEARING, FEES = "stripe-cards", "1130", "5030"
SECRETS = {"api_key": "sk_test_acct_house", "webhook_secret": "whsec_of_the_house"}
T = TypeVar("T")
Later = Callable[[float], None]


@dataclass
class Shop:
    """A tenant whose cards are charged by the simulated Stripe."""

    control: Control
    account: ProviderAccount

    def pay(self, amount: Money, **more: object) -> UUID:
        """An intent, collected; ``payment_method`` charges a stored card at once."""
        reference = f"CARD-{new_id().hex[-8:]}"
        intent_id = services.create_payment_intent(
            reference=reference,
            amount=amount,
            allocation=allocation(amount),
            description=f"Order {reference}",
            idempotency_key=f"test:{reference}",
            actor=SYSTEM,
            **more,  # type: ignore[arg-type]  # the facts of one test
        ).intent_id
        services.start_collection(intent_id=intent_id, provider_account=LABEL, actor=SYSTEM)
        services.send_due_attempts()
        return intent_id


@pytest.fixture
def shop(house: House) -> Iterator[Shop]:
    control = Control(f"{house.provider.url}/stripe")
    for name, value in SECRETS.items():
        os.environ[f"SECRET_PAYMENTS_STRIPE_HOUSE_{name.upper()}"] = value
    control.tell("settings", late_delay_ms=150, customer_delay_ms=60)
    control.tell("accounts", account="acct_house", secret_key=SECRETS["api_key"])
    for code, kind in ((CLEARING, "asset"), (FEES, "expense")):
        open_account(code=code, name=code, account_class=kind, currency="KES", actor=SYSTEM)
    services.open_provider_account(
        draft=ProviderAccountDraft(
            label=LABEL, name="Cards", connector="stripe", environment="simulator",
            currency="KES", clearing_account=CLEARING, fee_account=FEES,
            secrets_ref="payments/stripe_house", config={"base_url": control.url},
        ),
        actor=SYSTEM,
    )  # fmt: skip
    account = ProviderAccount.objects.get(label=LABEL)
    url = account_callback_url(account)
    known = control.ask("endpoints", account="acct_house")["urls"]
    if url not in known:
        secret = SECRETS["webhook_secret"]
        control.tell("endpoint", account="acct_house", url=url, secret=secret)
    before = _ours() - control_total(control)
    yield Shop(control, account)
    control.tell("faults", clear=True)
    assert _ours() - control_total(control) == before, "our mirror left Stripe's books"
    assert payments_violations() == []


def _ours() -> int:
    """What we think Stripe holds for us, before what it kept."""
    return balance(CLEARING) + balance(FEES)


def control_total(control: Control) -> int:
    rows = control.ask("transactions", account="acct_house")["transactions"]
    return sum(row["amount"] for row in rows)


def _after_work(look: Callable[[], T]) -> T | None:
    work()
    return look() or None


def _looked_at(intent_id: UUID, status: str, later: Later) -> PaymentView | None:
    """The payment, when it has that status; until then the house's clock runs ahead."""
    work()
    later(1)
    view = selectors.payment(intent_id)
    return view if view.intent.status == status else None


def boss() -> Actor:
    user = make_person(f"boss-{new_id().hex[-6:]}")
    return Actor(ActorKind.PERSON, user.username, user.id)


def test_somebody_pays_on_the_page_and_the_webhook_books_it(shop: Shop) -> None:
    intent_id = shop.pay(kes(1_500))
    view = payment_when(intent_id, "succeeded")
    assert balance("4000") >= 150_00
    (captured,) = told("payment_captured", view.intent.reference)
    assert captured["provider_reference"].startswith("ch_")
    assert [attempt.state for attempt in view.attempts] == ["succeeded"]


def test_a_decline_on_the_page_ends_the_try(shop: Shop, later: Later) -> None:
    intent_id = shop.pay(Money(1_500_02, "KES"))
    view = until(lambda: _looked_at(intent_id, "failed", later), "the verdict")
    assert view.attempts[0].code == "risk.declined"


def test_held_taken_in_part_and_given_back_in_part(shop: Shop) -> None:
    held = shop.pay(kes(1_000), payment_method="pm_card_visa", capture_method=CaptureMethod.MANUAL)
    payment_when(held, "authorised")
    part = kes(600)
    services.capture_payment(intent_id=held, amount=part, allocation=allocation(part), actor=SYSTEM)
    view = payment_when(held, "partially_captured")
    refund = services.request_refund(
        intent_id=held, amount=kes(200), reason="Cold", idempotency_key=f"r:{held}", actor=boss()
    )
    services.decide_refund(refund_id=refund.refund_id, is_approved=True, note="", actor=boss())
    until(lambda: _after_work(lambda: told("refund_paid", view.intent.reference)), "refund")


def test_a_lost_answer_is_found_and_duplicates_book_nothing_twice(shop: Shop, later: Later) -> None:
    shop.control.tell("faults", path="webhooks", kind="lost", count=9)
    shop.control.tell("faults", path="/v1/payment_intents", kind="lost_answer")
    intent_id = shop.pay(kes(700), payment_method="pm_card_visa")
    view = payment_when(intent_id, "unknown")
    shop.control.tell("faults", clear=True)
    until(lambda: _looked_at(intent_id, "succeeded", later), "finding it")
    assert len(told("payment_captured", view.intent.reference)) == 1
    payment_when(shop.pay(Money(800_05, "KES")), "succeeded")  # every webhook three times
    payment_when(shop.pay(Money(800_09, "KES")), "succeeded")  # the decline is told last


def test_a_dispute_takes_the_money_and_a_win_returns_it(shop: Shop) -> None:
    intent_id = shop.pay(Money(900_11, "KES"))
    payment_when(intent_id, "succeeded")
    until(
        lambda: _after_work(lambda: Dispute.objects.filter(status="needs_response").first()),
        "dispute",
    )
    assert selectors.payment(intent_id).intent.status == "succeeded"


def test_a_forged_webhook_changes_nothing(shop: Shop) -> None:
    before = Callback.objects.filter(state="new").count()
    url = account_callback_url(shop.account)
    answer = httpx.post(
        url, content=b'{"id":"evt_forged"}', headers={"Stripe-Signature": "t=1,v1=x"}
    )
    work()
    assert answer.status_code < 500
    assert Callback.objects.filter(state="new").count() == before
