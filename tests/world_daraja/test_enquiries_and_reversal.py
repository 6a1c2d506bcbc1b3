"""Status, balance and reversal: acknowledged now, answered at the ResultURL."""

from __future__ import annotations

import pytest

from tests.world_daraja.client import Receiver, Tenant, parameters

PAYER, PAYEE = "254708374101", "254705912600"


def paid_in(tenant: Tenant) -> str:
    body = {"phone": PAYER, "amount": 700, "account_reference": "A"}
    return str(tenant.control("paybill", shortcode=tenant.shortcode, **body)["receipt"])


def test_status_is_found_by_receipt_and_by_conversation(tenant: Tenant, receiver: Receiver) -> None:
    ack = tenant.pay_out("known", PAYEE).json()
    receipt = receiver.wait("/r")[0]["Result"]["TransactionID"]
    by_receipt = tenant.status("/1", TransactionID=receipt)
    by_spaced = tenant.status("/2", **{"Transaction ID": receipt})
    by_ours = tenant.status("/3", OriginalConversationID="known")
    by_theirs = tenant.status("/4", OriginalConversationID=ack["ConversationID"])
    for result in (by_receipt, by_spaced, by_ours, by_theirs):
        facts = parameters(result)
        assert (facts["ReceiptNo"], facts["TransactionStatus"]) == (receipt, "Completed")
        assert facts["OriginatorConversationID"] == "known"
        assert facts["Amount"] == "2000"
        assert facts["DebitPartyCharges"] == "Fee For B2C Payment|KES|9.00"


def test_status_of_a_pay_in(tenant: Tenant) -> None:
    receipt = paid_in(tenant)
    facts = parameters(tenant.status("/s", TransactionID=receipt))
    assert facts["CreditPartyName"].startswith(f"{tenant.shortcode} - ")
    assert facts["DebitPartyName"].startswith(f"{PAYER} - ")


def test_status_of_an_undecided_and_of_a_declined_payout(
    tenant: Tenant, receiver: Receiver
) -> None:
    tenant.control("settings", callback_delay_ms=700)
    tenant.pay_out("open", PAYEE)
    tenant.control("settings", callback_delay_ms=30)
    facts = parameters(tenant.status("/open", OriginalConversationID="open"))
    assert (facts["TransactionStatus"], facts["ReceiptNo"]) == ("Authorized", None)
    tenant.pay_out("declined", "254705912602", "/d")
    receiver.wait("/d")
    facts = parameters(tenant.status("/declined", OriginalConversationID="declined"))
    assert facts["TransactionStatus"] == "Declined"


def test_status_of_what_was_never_asked(tenant: Tenant) -> None:
    result = tenant.status("/s", OriginalConversationID="never")
    assert result["ResultCode"] == "R000002"
    assert "ResultParameters" not in result


def test_a_wrong_credential_is_answered_with_2001(tenant: Tenant) -> None:
    credential = tenant.credential("wrong")
    result = tenant.status("/s", TransactionID="UKM0000000", SecurityCredential=credential)
    assert result["ResultCode"] == 2001


def test_the_balance_lists_the_accounts(tenant: Tenant, receiver: Receiver) -> None:
    tenant.pay_out("fee", PAYEE)
    receiver.wait("/r")
    result = tenant.operate("/mpesa/accountbalance/v1/query", "/b", "AccountBalance")
    assert parameters(result)["AccountBalance"] == (
        "Working Account|KES|0.00|0.00|0.00|0.00&Float Account|KES|0.00|0.00|0.00|0.00"
        "&Utility Account|KES|998000.00|998000.00|0.00|0.00"
        "&Charges Paid Account|KES|-9.00|-9.00|0.00|0.00"
        "&Organization Settlement Account|KES|0.00|0.00|0.00|0.00"
    )
    assert len(parameters(result)["BOCompletedTime"]) == 14


def test_a_pay_in_is_given_back_once(tenant: Tenant) -> None:
    receipt = paid_in(tenant)
    result = tenant.reverse("/1", TransactionID=receipt, Amount="700")
    facts = parameters(result)
    assert facts["OriginalTransactionID"] == receipt
    [reversal] = tenant.transactions("reversal")
    assert (reversal["linked_receipt"], reversal["amount_minor"]) == (receipt, 700_00)
    assert reversal["receipt"] == result["TransactionID"]
    again = tenant.reverse("/2", TransactionID=receipt, Amount="700")
    assert again["ResultCode"] == "R000001"
    assert len(tenant.transactions("reversal")) == 1


@pytest.mark.parametrize("receipt", ["payout", "UKM0000000"])
def test_only_pay_ins_can_be_reversed(tenant: Tenant, receiver: Receiver, receipt: str) -> None:
    if receipt == "payout":
        tenant.pay_out("p", PAYEE)
        receipt = receiver.wait("/r")[0]["Result"]["TransactionID"]
    assert tenant.reverse("/x", TransactionID=receipt, Amount="700")["ResultCode"] == "R000002"
