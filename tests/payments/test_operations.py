"""Holding, taking, letting go, giving back and quarrelling about money, on a rail of the tests."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from uuid import UUID

import pytest
from django.db import Error, transaction

from apps.payments import services
from apps.payments.connectors import registry
from apps.payments.connectors.accounts import DisputeMovement, DisputeReport
from apps.payments.connectors.base import AttemptView, ProviderFact, Result
from apps.payments.domain import EventKind, ProviderAccountDraft
from apps.payments.domain.disputes import DisputeStage, DisputeStatus
from apps.payments.domain.states import CaptureMethod, Outcome
from apps.payments.errors import SecondPersonNeeded
from apps.payments.errors.operations import (
    AllocationNeeded,
    NotGenuine,
    NothingHeld,
    TooMuch,
)
from apps.payments.models import (
    Attempt,
    Callback,
    Dispute,
    PaymentEvent,
    PaymentIntent,
    ProviderAccount,
    Refund,
)
from apps.payments.selectors import payments_violations
from apps.payments.selectors.contexts import account_callback_url
from apps.payments.services.learning import Lesson, learn, locked_attempt
from apps.platform import clock
from apps.platform.actors import SYSTEM, Actor, ActorKind
from apps.platform.ids import public_id
from apps.platform.money import Money
from apps.tenancy.models import Tenant
from tests.identity.people import make_person
from tests.payments.books import Caller
from tests.payments.sample_rail import SampleRail, refused, signature, wait_for_payer
from tests.payments.world import allocation, balance, kes, open_chart, told

pytestmark = pytest.mark.django_db
TILL = Actor(ActorKind.SERVICE, "till")


@pytest.fixture
def rail(mara: Tenant, monkeypatch: pytest.MonkeyPatch) -> Iterator[SampleRail]:
    """The rail, installed, with an account in Mara's books."""
    rail = SampleRail()
    monkeypatch.setattr(registry, "connectors", lambda: {"sample": rail})
    open_chart()
    services.open_provider_account(
        draft=ProviderAccountDraft(
            label="sample", name="Sample", connector="sample", environment="simulator",
            currency="KES", clearing_account="1100", fee_account="5000",
            secrets_ref="payments/sample", config={},
        ),
        actor=SYSTEM,
    )  # fmt: skip
    yield rail
    assert payments_violations() == []


def boss() -> Actor:
    user = make_person("boss")
    return Actor(ActorKind.PERSON, "boss", user.id)


def asked(method: CaptureMethod = CaptureMethod.AUTOMATIC) -> UUID:
    """An intent, collected."""
    amount = kes(1_000)
    intent_id = services.create_payment_intent(
        reference=f"R-{PaymentIntent.objects.count()}",
        amount=amount,
        allocation=allocation(amount),
        description="",
        capture_method=method,
        return_url="https://shop.example/back",
        idempotency_key=f"k{PaymentIntent.objects.count()}",
        actor=SYSTEM,
    ).intent_id
    services.start_collection(intent_id=intent_id, actor=SYSTEM)
    services.send_due_attempts()
    return intent_id


def intent(intent_id: UUID) -> PaymentIntent:
    return PaymentIntent.objects.get(id=intent_id)


def capture(intent_id: UUID, shillings: int, *, is_last: bool | None = None) -> None:
    amount = kes(shillings)
    services.capture_payment(
        intent_id=intent_id, amount=amount, allocation=allocation(amount), is_last=is_last,
        actor=SYSTEM,
    )  # fmt: skip
    services.send_due_attempts()


def hear(attempt: Attempt, kind: EventKind, dedupe: str) -> None:
    fact = ProviderFact(kind, dedupe=dedupe, amount=Money(attempt.amount_minor, "KES"))
    result = Result(Outcome.DECLINED, facts=(fact,))
    learn(locked_attempt(attempt.id), Lesson(result, "callback", SYSTEM))


def test_money_is_held_then_taken_in_parts(rail: SampleRail) -> None:
    payment = asked(CaptureMethod.MULTIPLE)
    assert (intent(payment).status, intent(payment).authorised_minor) == ("authorised", 1_000_00)
    assert balance("1100") == 0
    with pytest.raises(AllocationNeeded):
        services.capture_payment(intent_id=payment, amount=kes(400), actor=SYSTEM)
    capture(payment, 400, is_last=False)
    assert (intent(payment).status, balance("1100"), balance("4000")) == (
        "partially_captured", 400_00, 40_00,
    )  # fmt: skip
    with pytest.raises(TooMuch) as refusal:
        capture(payment, 601)
    assert refusal.value.left_minor == 600_00
    capture(payment, 600)
    assert (intent(payment).status, balance("2100.rst-1")) == ("succeeded", 900_00)
    with pytest.raises(NothingHeld):
        services.void_payment(intent_id=payment, actor=SYSTEM)
    assert [len(told(name, "R-0")) for name in ("payment_partly_captured", "payment_captured")] == [
        1, 1,
    ]  # fmt: skip


def test_a_refused_capture_leaves_the_hold(rail: SampleRail) -> None:
    payment = asked(CaptureMethod.MANUAL)
    rail.script["capture"] = refused
    services.capture_payment(intent_id=payment, actor=SYSTEM)
    services.send_due_attempts()
    assert (intent(payment).status, balance("1100")) == ("authorised", 0)
    del rail.script["capture"]
    services.void_payment(intent_id=payment, actor=SYSTEM)
    services.send_due_attempts()
    assert (intent(payment).status, intent(payment).captured_minor) == ("cancelled", 0)
    assert len(told("payment_voided", "R-0")) == 1


def test_the_database_refuses_more_than_is_held(rail: SampleRail) -> None:
    payment = asked(CaptureMethod.MULTIPLE)
    held = Attempt.objects.get(intent_id=payment)
    facts = {
        "direction": "in", "operation": "capture", "number": 7, "intent_id": payment,
        "provider_account": held.provider_account, "parent": held, "currency": "KES",
        "provider_key": "k", "callback_token_hash": b"h", "idempotency_key": "k",
        "fingerprint": b"", "created_at": clock.now(),
    }  # fmt: skip
    for wrong, sqlstate in (
        ({"amount_minor": 1_000_01}, "PM011"),
        ({"amount_minor": 1, "operation": "refund", "direction": "out"}, "PM010"),
    ):
        with pytest.raises(Error) as error, transaction.atomic():
            Attempt.objects.create(**{**facts, **wrong})
        assert error.value.__cause__.sqlstate == sqlstate  # type: ignore[union-attr]
    capture(payment, 1_000)
    with pytest.raises(Error) as error, transaction.atomic():
        Attempt.objects.create(**facts, amount_minor=1)
    assert error.value.__cause__.sqlstate == "PM011"  # type: ignore[union-attr]


def test_the_payer_acts_and_we_complete(rail: SampleRail) -> None:
    rail.script["purchase"] = wait_for_payer
    payment = asked()
    attempt = Attempt.objects.get(intent_id=payment)
    assert (intent(payment).status, attempt.action["kind"]) == ("requires_action", "redirect")
    assert len(told("payment_action_required", "R-0")) == 1

    def approved(_view: AttemptView) -> Result:
        return Result(Outcome.APPROVED)

    learn(locked_attempt(attempt.id), Lesson(approved(None), "callback", SYSTEM))  # type: ignore[arg-type]
    assert intent(payment).status == "processing"
    services.send_due_attempts()
    assert rail.calls == ["purchase", "complete"]
    assert (intent(payment).status, balance("1100")) == ("succeeded", 1_000_00)


def refund(payment: UUID, amount: Money | None, key: str = "r") -> UUID:
    return services.request_refund(
        intent_id=payment, amount=amount, reason="Cold soup", idempotency_key=key, actor=TILL
    ).refund_id


def test_a_refund_takes_two_and_is_never_too_much(rail: SampleRail) -> None:
    payment = asked()
    colleague = boss()
    first = refund(payment, kes(300))
    assert refund(payment, kes(300)) == first
    with pytest.raises(TooMuch) as refusal:
        refund(payment, kes(701), "more")
    assert refusal.value.left_minor == 700_00
    with pytest.raises(SecondPersonNeeded):
        services.decide_refund(refund_id=first, is_approved=True, note="", actor=TILL)
    assert balance("2810") == 0
    services.decide_refund(refund_id=first, is_approved=True, note="", actor=colleague)
    assert (balance("2810"), balance("4000"), balance("2100.rst-1")) == (300_00, 70_00, 630_00)
    services.send_due_attempts()
    assert (balance("2810"), balance("1100")) == (0, 700_00)
    assert (intent(payment).status, Refund.objects.get().status) == (
        "partially_refunded", "succeeded",
    )  # fmt: skip
    assert len(told("refund_paid", public_id("rf", first))) == 1
    hear(Refund.objects.get().attempt, EventKind.REVERSED, "came-back")  # type: ignore[arg-type]
    assert (intent(payment).status, Refund.objects.get().status) == ("succeeded", "reversed")
    assert (balance("1100"), balance("2810"), balance("4000")) == (1_000_00, 0, 100_00)


def test_a_refused_refund_gives_back_what_was_reserved(rail: SampleRail) -> None:
    payment = asked()
    rail.script["refund"] = refused
    asked_for = refund(payment, None)
    services.decide_refund(refund_id=asked_for, is_approved=True, note="", actor=boss())
    services.send_due_attempts()
    assert Refund.objects.get().status == "failed"
    assert (balance("2810"), balance("4000"), balance("1100")) == (0, 100_00, 1_000_00)
    with pytest.raises(Error) as error, transaction.atomic():
        Refund.objects.filter(id=asked_for).update(decided_by="somebody else")
    assert error.value.__cause__.sqlstate == "PM003"  # type: ignore[union-attr]


def deliver(body: dict[str, object], *, secret: str = "") -> None:
    account = ProviderAccount.objects.get(label="sample")
    token = account_callback_url(account).rpartition("/")[2]
    data = json.dumps(body).encode()
    services.receive_callback(
        delivery=services.Delivery(
            inbound_name="sample", token=token, kind="events", body=data,
            content_type="application/json", remote_ip=None,
            headers={"x-sample-signature": secret or signature(data), "cookie": "no"},
        )
    )  # fmt: skip


def test_a_signed_address_of_the_account(rail: SampleRail) -> None:
    rail.script["purchase"] = wait_for_payer
    payment = asked()
    attempt = Attempt.objects.get(intent_id=payment)
    news = {
        "id": "e1", "kind": "succeeded", "amount_minor": 1_000_00, "refs": attempt.provider_refs,
    }  # fmt: skip
    for _ in range(4):
        deliver(news)
    deliver({**news, "id": "e2"}, secret="forged")
    deliver({**news, "id": "e3", "refs": {"object": "another shop's"}})
    services.process_callbacks()
    states = {row.dedupe.partition("#")[0]: row for row in Callback.objects.all()}
    assert {name: row.state for name, row in states.items()} == {
        "event:e1": "done", "forged:": "quarantined", "event:e3": "ignored",
    }  # fmt: skip
    assert (states["event:e1"].duplicates, list(states["event:e1"].headers)) == (
        3, ["x-sample-signature"],
    )  # fmt: skip
    assert (intent(payment).status, balance("1100")) == ("succeeded", 1_000_00)
    with pytest.raises(NotGenuine):
        services.replay_callback(callback_id=states["forged:"].id, actor=SYSTEM)


def report(payment: UUID, status: DisputeStatus, hours: int, **more: object) -> DisputeReport:
    facts = {
        "reference": "dp_1", "amount": kes(400), "stage": DisputeStage.CHARGEBACK,
        "status": status, "reason": "fraudulent",
        "updated_at": clock.now() + timedelta(hours=hours),
        "due_by": clock.now() + timedelta(days=2),
        "attempt_id": Attempt.objects.get(intent_id=payment).id, **more,
    }  # fmt: skip
    return DisputeReport(**facts)  # type: ignore[arg-type]


def moves(kind: str, shillings: int) -> DisputeMovement:
    return DisputeMovement(kind=kind, amount=kes(shillings), dedupe=f"{kind}:{shillings}")  # type: ignore[arg-type]


def tell(rail: SampleRail, *reports: DisputeReport) -> None:
    rail.reports = list(reports)
    ProviderAccount.objects.update(disputes_hint_at=clock.now())
    services.tend_disputes()


def test_a_dispute_from_deadline_to_loss(rail: SampleRail) -> None:
    payment = asked()
    taken = (moves("withdrawn", 400), moves("fee", 15))
    opened = report(payment, DisputeStatus.NEEDS_RESPONSE, 0, movements=taken)
    tell(rail, opened)
    tell(rail, opened)
    assert (balance("1150"), balance("1100"), balance("5000")) == (400_00, 585_00, 15_00)
    assert (intent(payment).status, intent(payment).disputed_minor) == ("succeeded", 400_00)
    dispute = Dispute.objects.get()
    assert [len(told(n, "R-0")) for n in ("dispute_opened", "dispute_deadline_near")] == [1, 1]
    with pytest.raises(TooMuch):
        refund(payment, kes(601))
    services.add_dispute_evidence(
        dispute_id=dispute.id, name="receipt.pdf", content_type="application/pdf", body=b"%PDF",
        actor=SYSTEM,
    )  # fmt: skip
    services.answer_dispute(
        dispute_id=dispute.id, is_accepted=False, text="They ate it.", actor=SYSTEM
    )
    services.tend_disputes()
    assert rail.evidence == ["They ate it.", "receipt.pdf"]
    tell(rail, report(payment, DisputeStatus.LOST, 2))
    assert (balance("1150"), balance("5100")) == (0, 400_00)
    back = report(payment, DisputeStatus.WON, 3, movements=(*taken, moves("reinstated", 400)))
    tell(rail, back)
    assert (balance("1150"), balance("5100"), balance("1100")) == (0, 0, 985_00)
    assert intent(payment).disputed_minor == 0
    assert PaymentEvent.objects.filter(facet__startswith="withdrawn").count() == 1


def test_the_api_holds_takes_and_asks_for_refunds(rail: SampleRail, mara: Tenant) -> None:
    till = Caller(mara, "payments:read", "payments:write")
    amount = {"amount": 1_000_00, "currency": "KES"}
    new = {
        "reference": "API-1", "amount": amount,
        "allocation": [{"account": "4000", "amount": amount}],
        "capture_method": "manual", "return_url": "https://shop.example/back",
    }  # fmt: skip
    made = till.post("intents", new, key="1").json()["id"]
    till.post(f"intents/{made}/collect", {}, key="2")
    services.send_due_attempts()
    taken = till.post(f"intents/{made}/capture", {}, key="3")
    assert till.post(f"intents/{made}/capture", {}, key="3").json() == taken.json()
    services.send_due_attempts()
    shown = till.get(f"intents/{made}").json()
    assert (shown["status"], shown["captured"]["amount"]) == ("succeeded", 1_000_00)
    too_much = {"amount": {"amount": 1_000_01, "currency": "KES"}, "reason": "Cold"}
    assert till.post(f"intents/{made}/refunds", too_much, key="4").status_code == 409
    asked_for = till.post(f"intents/{made}/refunds", {"reason": "Cold"}, key="5")
    assert (asked_for.status_code, asked_for.json()["status"]) == (201, "awaiting_approval")
    listed = till.get("refunds", status="awaiting_approval").json()["data"]
    assert [row["id"] for row in listed] == [asked_for.json()["id"]]
    assert till.post(f"intents/{made}/void", {}, key="6").status_code == 409
    assert till.get("disputes").json()["data"] == []
