"""Payers who pay the simulated paybill of their own accord, from question to books."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from apps.payments import selectors, services
from apps.payments.connectors.accounts import BalanceAnswer
from apps.payments.connectors.mpesa.connector import MpesaConnector
from apps.payments.models import Callback, PayIn, PayInWatch, ProviderAccount
from apps.payments.selectors.contexts import account_callback_url, context_for
from apps.platform.actors import SYSTEM
from tests.payments.conftest import House
from tests.payments.world import COLLECTIONS, balance, kes, new_intent, payment_when, until, work


@pytest.fixture
def paybill(house: House) -> Iterator[ProviderAccount]:
    """The collections account, registered, with pull, and particular about references."""
    account = ProviderAccount.objects.get(label=COLLECTIONS)
    before = dict(account.config)
    account.config |= {
        "c2b": {"unknown_reference": "reject", "most_minor": 70_000_00},
        "pull": {"nominated_number": "254722000000"},
    }
    account.save()
    assert services.register_callbacks(provider_account=COLLECTIONS, actor=SYSTEM).is_registered
    yield account
    house.provider.tell("forget-urls", shortcode=house.paybill)
    account.config = before
    account.save()


def pay(house: House, phone: str, shillings: int, reference: str) -> httpx.Response:
    return httpx.post(
        f"{house.provider.url}/_control/paybill", trust_env=False, timeout=20,
        json={"shortcode": house.paybill, "phone": phone, "amount": shillings,
              "account_reference": reference},
    )  # fmt: skip


def test_a_payer_is_asked_confirmed_and_found_again(house: House, paybill: ProviderAccount) -> None:
    intent_id = new_intent("254708000005", reference="ORD-C2B-1")
    before = [balance(code) for code in ("1100", "2800", "4000")]
    # Told three times, taken once.
    assert pay(house, "254708000005", 1_500, "ord c2b 1").status_code == 201
    assert payment_when(intent_id, "succeeded").intent.captured == kes(1_500)
    # Nobody's reference and too much money: the payer is turned away before paying.
    assert pay(house, "254708000001", 1_500, "nobody").status_code == 422
    second = new_intent("254708000008", reference="ORD-C2B-2")
    assert pay(house, "254708000001", 70_001, "ORD-C2B-2").status_code == 422
    # The confirmation of this one never comes: it is pulled, once.
    assert pay(house, "254708000008", 1_500, "ORD-C2B-2").status_code == 201
    work()
    assert selectors.payment(second).intent.status == "requires_method"
    assert [services.pull_pay_ins(), services.pull_pay_ins()] == [1, 0]
    assert selectors.payment(second).intent.status == "succeeded"
    assert PayIn.objects.get(uses__intent_id=second).source == "pull"
    assert PayInWatch.objects.get(provider_account=paybill).problem == ""
    after = [balance(code) for code in ("1100", "2800", "4000")]
    assert [b - a for a, b in zip(before, after, strict=True)] == [3_000_00, 0, 300_00]
    assert selectors.payments_violations() == []
    assert selectors.provider_disagreements(label=COLLECTIONS) == []
    # Registered before is as good as registered now.
    again = services.register_callbacks(provider_account=COLLECTIONS, actor=SYSTEM)
    assert again.is_registered


def test_a_question_leaves_no_trace_and_strangers_learn_nothing(
    house: House, paybill: ProviderAccount
) -> None:
    stored = Callback.objects.count()
    url = account_callback_url(paybill, "validation")
    for body in (b"", b"[]", b'{"TransAmount": NaN}'):
        answer = httpx.post(url, content=body, trust_env=False)
        assert (answer.status_code, answer.json()["ResultCode"]) == (200, "C2B00015")
    assert Callback.objects.count() == stored
    forged = url.replace("/in/daraja/", "/in/daraja/b")[:-11] + "/validation"
    assert httpx.post(forged, content=b"{}", trust_env=False).status_code == 404


def test_a_balance_is_asked_for_and_comes_to_the_accounts_address(
    house: House, paybill: ProviderAccount
) -> None:
    asked = MpesaConnector().balances(context_for(paybill))
    assert isinstance(asked, BalanceAnswer)
    assert asked.is_asked
    assert asked.exchange is not None
    assert asked.exchange.request["SecurityCredential"] == "***"
    came = until(lambda: Callback.objects.filter(kind="balance").first(), "the balance")
    assert came.attempt is None
