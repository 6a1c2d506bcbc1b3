"""Payouts: checks, credentials, limits, and what each magic ending does."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import httpx
import pytest

from tests.world_daraja.client import Receiver, Tenant, parameters, until

HOOK = "/r"
NOTICE = "/r/timeout"
PHONE = "254705912600"


def test_a_payout_is_acknowledged_paid_and_charged(tenant: Tenant, receiver: Receiver) -> None:
    ack = tenant.pay_out("attempt-1", PHONE).json()
    assert ack["OriginatorConversationID"] == "attempt-1"
    assert ack["ResponseCode"] == "0"
    result = receiver.wait(HOOK)[0]["Result"]
    [payout], [fee] = tenant.transactions("payout"), tenant.transactions("fee")
    assert (result["ResultType"], result["ResultCode"]) == (0, 0)
    assert result["ConversationID"] == ack["ConversationID"] == payout["conversation_id"]
    assert result["TransactionID"] == payout["receipt"]
    facts = parameters(result)
    assert facts["TransactionAmount"] == 2000
    assert facts["TransactionReceipt"] == payout["receipt"]
    assert facts["B2CUtilityAccountAvailableFunds"] == Decimal("998000.00")
    assert facts["B2CChargesPaidAccountAvailableFunds"] == Decimal("-9.00")
    assert facts["ReceiverPartyPublicName"].startswith(f"{PHONE} - ")
    assert payout["originator_conversation_id"] == "attempt-1"
    assert (fee["linked_receipt"], fee["amount_minor"]) == (payout["receipt"], 9_00)


def test_an_originator_conversation_id_is_taken_once(tenant: Tenant, receiver: Receiver) -> None:
    tenant.pay_out("same", PHONE)
    again = tenant.pay_out("same", PHONE)
    assert (again.status_code, again.json()["errorCode"]) == (500, "500.002.1001")
    assert again.json()["errorMessage"] == "Duplicate OriginatorConversationID."
    receiver.wait(HOOK)
    assert len(tenant.transactions("payout")) == 1


def test_a_declined_payout_keeps_its_originator_conversation_id(
    tenant: Tenant, receiver: Receiver
) -> None:
    tenant.pay_out("declined", "254705912602")
    receiver.wait(HOOK)
    assert tenant.pay_out("declined", PHONE).json()["errorCode"] == "500.002.1001"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("Amount", "12.5"),
        ("PartyB", "0705912645"),
        ("CommandID", "Pay"),
        ("Remarks", "x"),
        ("Remarks", "x" * 101),
        ("Occassion", "x" * 101),
        ("ResultURL", ""),
        ("QueueTimeOutURL", None),
        ("PartyA", "600000"),
        ("OriginatorConversationID", ""),
    ],
)
def test_a_bad_field_is_refused_by_name(tenant: Tenant, field: str, value: Any) -> None:
    answer = tenant.pay_out("bad-field", PHONE, **{field: value})
    assert (answer.status_code, answer.json()["errorCode"]) == (400, "400.002.02")
    assert answer.json()["errorMessage"] == f"Bad Request - Invalid {field}"
    assert tenant.transactions("payout") == []


def test_the_credential_is_really_decrypted(tenant: Tenant, receiver: Receiver) -> None:
    for number, credential in enumerate(
        (tenant.credential("other"), "bm90IGVuY3J5cHRlZA==", "not base64!"), start=1
    ):
        tenant.pay_out(f"credential-{number}", PHONE, SecurityCredential=credential)
        assert receiver.wait(HOOK, number)[-1]["Result"]["ResultCode"] == 2001
    tenant.pay_out("initiator", PHONE, InitiatorName="somebody")
    assert receiver.wait(HOOK, 4)[-1]["Result"]["ResultCode"] == 2001
    assert tenant.transactions("payout") == []


@pytest.mark.parametrize(
    ("phone", "amount", "code"),
    [
        (PHONE, "9", 2),
        (PHONE, "250001", 3),
        ("254705912602", "100", 2040),
        ("254705912603", "100", 1),
    ],
)
def test_a_refused_payout_moves_no_money(
    tenant: Tenant, receiver: Receiver, phone: str, amount: str, code: int
) -> None:
    tenant.pay_out("refused", phone, Amount=amount)
    result = receiver.wait(HOOK)[0]["Result"]
    assert result["ResultCode"] == code
    assert "ResultParameters" not in result
    assert tenant.transactions("payout") == []
    assert tenant.total_minor() == 1_000_000_00


def test_a_short_utility_account_is_code_1(tenant: Tenant, receiver: Receiver) -> None:
    for number in range(1, 6):
        tenant.pay_out(f"short-{number}", PHONE, Amount="250000")
        receiver.wait(HOOK, number)
    assert [row["Result"]["ResultCode"] for row in receiver.at(HOOK)] == [0, 0, 0, 0, 1]


def test_ending_07_pays_and_only_the_status_query_tells(tenant: Tenant, receiver: Receiver) -> None:
    with pytest.raises(httpx.RemoteProtocolError):
        tenant.pay_out("lost", "254705912607")
    [payout] = tenant.transactions("payout")
    result = tenant.status("/s", OriginatorConversationID="lost")
    assert parameters(result)["TransactionStatus"] == "Completed"
    assert parameters(result)["ReceiptNo"] == payout["receipt"]
    assert receiver.at(HOOK) == []


def test_ending_08_pays_and_only_the_status_query_tells(tenant: Tenant, receiver: Receiver) -> None:
    tenant.pay_out("silent", "254705912608")
    until(lambda: tenant.transactions("payout"))
    result = tenant.status("/s", OriginalConversationID="silent")
    assert parameters(result)["TransactionStatus"] == "Completed"
    assert receiver.at(HOOK) == []


def test_ending_09_times_out_in_the_queue_and_pays_after_all(
    tenant: Tenant, receiver: Receiver
) -> None:
    tenant.pay_out("queued", "254705912609")
    [notice] = receiver.wait(NOTICE)
    assert notice["Result"]["OriginatorConversationID"] == "queued"
    assert notice["Result"]["ResultType"] == 1
    assert tenant.transactions("payout") == []
    [result] = receiver.wait(HOOK)
    assert result["Result"]["ResultCode"] == 0
    assert len(tenant.transactions("payout")) == 1


def test_other_endings_end_paid(tenant: Tenant, receiver: Receiver) -> None:
    tenant.pay_out("triple", "254705912605")
    assert len(receiver.wait(HOOK, 3)) == 3
    tenant.pay_out("early", "254705912606", "/early")
    assert len(receiver.at("/early")) == 1
    spikes = [tenant.pay_out("spike", "254705912610", "/spike").status_code for _ in range(3)]
    assert spikes == [500, 500, 200]
    receiver.wait("/spike")
    tenant.pay_out("odd", "254705912611", "/odd")
    codes = [row["Result"]["ResultCode"] for row in receiver.wait("/odd", 2)]
    assert [repr(code) for code in codes] == ["False", "'0'"]
    assert len(tenant.transactions("payout")) == 4
