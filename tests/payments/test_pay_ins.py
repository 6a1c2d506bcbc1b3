"""Money nobody asked for: taken in once, booked at once, used where it certainly belongs."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection

from apps.payments import selectors, services
from apps.payments.connectors.accounts import AboutPayIn
from apps.payments.domain.pay_ins import PayInState, folded
from apps.payments.errors import (
    CallbackContradicts,
    PartyAccountNeeded,
    PayInDoesNotFit,
    UseReasonMissing,
)
from apps.payments.models import (
    Attempt,
    PayIn,
    PayInUsed,
    PaymentEvent,
    PaymentIntent,
    ProviderAccount,
)
from apps.payments.services.pay_ins import take_pay_in
from apps.platform.actors import SYSTEM
from apps.platform.clock import now
from apps.platform.ids import public_id
from apps.platform.money import Money
from apps.tenancy.models import Tenant
from tests.payments.books import open_accounts
from tests.payments.test_guards import refused
from tests.payments.world import COLLECTIONS, balance, kes, new_intent, told

pytestmark = pytest.mark.django_db
ACCOUNTS = ("1100", "2800", "4000", "2100.rst-1")


@pytest.fixture
def account(mara: Tenant) -> ProviderAccount:
    open_accounts()
    return ProviderAccount.objects.get(label=COLLECTIONS)


def news(receipt: str, amount: Money, reference: str = "", payer: str = "") -> AboutPayIn:
    return AboutPayIn(
        dedupe=f"c2b:{receipt}", amount=amount, reference=receipt, account_reference=reference,
        payer=payer, provider_time=now() - timedelta(seconds=5),
    )  # fmt: skip


def take(account: ProviderAccount, told: AboutPayIn, source: str = "callback") -> bool:
    return take_pay_in(account, told, source=source, actor=SYSTEM)


def the(receipt: str) -> PayIn:
    return PayIn.objects.get(receipt=receipt)


def balances() -> list[int]:
    return [balance(code) for code in ACCOUNTS]


def test_what_nobody_asked_for_is_booked_once_and_waits(account: ProviderAccount) -> None:
    assert take(account, news("RC1", kes(700), "who knows", "2547 ***** 126"))
    assert not take(account, news("RC1", kes(700), "who knows"), "pull")
    with pytest.raises(CallbackContradicts):
        take(account, news("RC1", kes(701)))
    assert balances() == [700_00, 700_00, 0, 0]
    (row,) = selectors.waiting_pay_ins()
    assert (row.receipt, row.left, row.doubt) == (
        "RC1", kes(700), "No payment has this account reference.",
    )  # fmt: skip
    (received,) = told("pay_in_received", "RC1")
    assert received["learnt_from"] == "callback"
    assert selectors.payments_violations() == []


def test_a_typed_reference_with_the_right_amount_settles_the_payment(
    account: ProviderAccount,
) -> None:
    intent_id = new_intent("254708374149", reference="ORD-41O")
    take(account, news("RC2", kes(1_500), " ord 41o "))
    assert balances() == [1_500_00, 0, 150_00, 1_350_00]
    assert selectors.payment(intent_id).intent.status == "succeeded"
    (captured,) = told("payment_captured", public_id("pi", intent_id))
    assert captured["pay_in_id"] == public_id("pin", the("RC2").id)
    (use,) = PayInUsed.objects.filter(pay_in=the("RC2"))
    assert (use.rule, the("RC2").state) == ("reference+amount", PayInState.USED)
    # Paid again by the same reference: nothing is certain any more, nothing is lost.
    take(account, news("RC3", kes(1_500), "ORD-41O"))
    assert (the("RC3").state, the("RC3").doubt) == ("open", "ORD-41O is succeeded.")
    assert balances() == [3_000_00, 1_500_00, 150_00, 1_350_00]
    assert selectors.payments_violations() == []


@pytest.mark.parametrize(
    ("typed", "amount", "status", "why"),
    [
        ("ORD-410", 1_500, "requires_method", "No payment has this account reference."),
        ("", 1_500, "requires_method", "No account reference was given."),
        ("ORD41O", 1_499, "requires_method", "ORD-41O asks for"),
        ("ORD41O", 1_500, "expired", "ORD-41O is expired."),
        ("ord/41-o", 1_500, "requires_method", "Several payments"),
    ],
)
def test_what_is_not_certain_is_left_to_a_person(
    account: ProviderAccount, typed: str, amount: int, status: str, why: str
) -> None:
    intent_id = new_intent("254708374149", reference="ORD-41O")
    if why.startswith("Several"):
        new_intent("254708374150", reference="ORD 41O")
    if status == "expired":
        PaymentIntent.objects.filter(id=intent_id).update(expires_at=now())
        services.expire_intents()
    take(account, news("RC4", kes(amount), typed, "2547*****149"))
    assert the("RC4").doubt.startswith(why)
    found = selectors.pay_in_candidates(the("RC4").id)
    assert found[0].payment.id == intent_id or why.startswith("Several")
    assert all(one.reasons for one in found)
    assert bool(found[0].why_not) == (amount < 1_500)
    assert folded("ORD-41O") == folded("0RD 410")


def test_a_person_applies_moves_and_is_refused_in_sentences(account: ProviderAccount) -> None:
    intent_id = new_intent("254708374149", reference="ORD-5")
    take(account, news("RC5", kes(2_000), "shop"))
    id = the("RC5").id
    with pytest.raises(UseReasonMissing):
        services.apply_pay_in(pay_in_id=id, intent_id=intent_id, reason=" ", actor=SYSTEM)
    services.apply_pay_in(pay_in_id=id, intent_id=intent_id, reason="She called", actor=SYSTEM)
    assert balances() == [2_000_00, 500_00, 150_00, 1_350_00]
    with pytest.raises(PayInDoesNotFit, match=r"."):
        services.apply_pay_in(pay_in_id=id, intent_id=intent_id, reason="again", actor=SYSTEM)
    with pytest.raises(PartyAccountNeeded):
        services.move_pay_in(pay_in_id=id, account="4000", reason="ours", actor=SYSTEM)
    with pytest.raises(PayInDoesNotFit):
        services.move_pay_in(
            pay_in_id=id, account="2900", reason="all", amount=kes(501), actor=SYSTEM
        )
    services.move_pay_in(pay_in_id=id, account="2900", reason="Her deposit", actor=SYSTEM)
    assert (balance("2800"), balance("2900"), the("RC5").state) == (0, 500_00, "used")
    told_uses = [one["use"] for one in told("pay_in_used", public_id("pin", id))]
    assert told_uses == ["applied", "moved"]
    assert selectors.payments_violations() == []


def test_the_confirmation_of_a_prompt_is_evidence_and_no_pay_in(account: ProviderAccount) -> None:
    intent_id = new_intent("254708374149", reference="ORD-6")
    attempt_id = services.start_collection(intent_id=intent_id, actor=SYSTEM).attempt_id
    for state in ("sending", "unknown"):
        Attempt.objects.filter(id=attempt_id).update(state=state, sent_at=now())
    # Somebody else's payment under the same reference proves nothing about the prompt.
    take(account, news("RC6", kes(1_500), "ORD-6", "2547 ***** 999"))
    assert the("RC6").state == "open"
    assert take(account, news("RC7", kes(1_500), "ORD-6", "2547 ***** 149"))
    assert not take(account, news("RC7", kes(1_500), "ORD-6", "2547 ***** 149"), "pull")
    assert not PayIn.objects.filter(receipt="RC7").exists()
    assert selectors.payment(intent_id).intent.status == "succeeded"
    assert balances() == [3_000_00, 1_500_00, 150_00, 1_350_00]
    assert selectors.payments_violations() == []


def test_the_database_refuses_what_the_code_never_does(account: ProviderAccount) -> None:
    new_intent("254708374149", reference="ORD-8")
    take(account, news("RC8", kes(1_500), "ORD-8"))
    take(account, news("RC9", kes(10)))
    rows = PayIn.objects.filter(receipt="RC9")
    for fixed in ({"amount_minor": 5}, {"receipt": "X"}, {"account_reference": "mine"}):
        with refused("PM021"):
            rows.update(**fixed)
    with refused("23514"):
        rows.update(left_minor=1_001)
    with refused("PM022"):
        rows.update(left_minor=500)
        _at_commit()
    with refused("PM024"):
        PayIn.objects.filter(receipt="RC8").update(state="open", left_minor=1)
    with refused("PM001"):
        rows.delete()
    with refused("PM001"):
        PayInUsed.objects.all().delete()
    with refused("PM020"):
        _credit("RC9", account)


def _at_commit() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


def _credit(receipt: str, account: ProviderAccount) -> None:
    """A payment's event that books the receipt of a pay-in."""
    PaymentEvent.objects.create(
        provider_account=account, kind="succeeded", facet="f", rank=30, amount_minor=5,
        booked_minor=5, journal_id=the(receipt).entry_id, currency="KES", received_at=now(),
        source="callback", is_effective=True, provider_reference=receipt, dedupe=f"x:{receipt}",
    )  # fmt: skip
