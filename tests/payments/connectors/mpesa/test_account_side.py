"""Daraja's C2B, pull, B2B, reversal and balance, without a network: every form met so far."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from apps.payments.connectors.base import AttemptView, ParentView, Party, RawCallback
from apps.payments.connectors.mpesa import account, c2b, transfers, webhooks
from apps.payments.connectors.mpesa.connector import MpesaConnector
from apps.payments.domain.pay_ins import Answer, is_in_range
from apps.payments.domain.states import Operation, Outcome
from apps.platform.ids import new_id
from apps.platform.money import Money

CONFIG: dict[str, object] = {
    "shortcode": "600638", "operations": ["purchase", "payout", "refund"],
    "initiator_name": "op",
}  # fmt: skip
TOLD = {
    "TransactionType": "Pay Bill", "TransID": "RKTQDM7W6S", "TransTime": "20191122063845",
    "TransAmount": "10.00", "BusinessShortCode": "600638", "BillRefNumber": " inv-1001 ",
    "InvoiceNumber": "", "OrgAccountBalance": "49197.00", "ThirdPartyTransID": "",
    "MSISDN": "2547 ***** 126", "FirstName": "JOHN", "LastName": "DOE",
}  # fmt: skip


def callback(kind: str, body: object) -> RawCallback:
    return RawCallback(kind, body if isinstance(body, bytes) else json.dumps(body).encode())


def kes(minor: int) -> Money:
    return Money(minor, "KES")


def test_a_confirmation_is_read_exactly() -> None:
    news = c2b.confirmed(CONFIG, callback("confirmation", TOLD))
    assert news is not None
    assert (news.reference, news.amount, news.account_reference, news.payer) == (
        "RKTQDM7W6S", kes(10_00), "inv-1001", "2547 ***** 126",
    )  # fmt: skip
    assert news.provider_time == datetime(2019, 11, 22, 3, 38, 45, tzinfo=UTC)
    assert news.data == {"payer_name": "JOHN DOE"}
    assert MpesaConnector().identify_event(callback("confirmation", TOLD)) == "c2b:RKTQDM7W6S"


@pytest.mark.parametrize(
    "change",
    [
        {"TransAmount": "-10"}, {"TransAmount": "0"}, {"TransAmount": True}, {"TransAmount": "1e3"},
        {"TransAmount": "10.001"}, {"TransID": ""}, {"TransID": {"a": 1}}, {"TransTime": "soon"},
        {"BusinessShortCode": "600639"}, {"BusinessShortCode": None},
    ],
)  # fmt: skip
def test_a_confirmation_that_is_not_one_says_nothing(change: dict[str, Any]) -> None:
    assert c2b.confirmed(CONFIG, callback("confirmation", TOLD | change)) is None


@pytest.mark.parametrize("body", [b"", b"[]", b"<html>", b'{"TransID"', b"\xff" * 9, b"[" * 99_999])
def test_no_bytes_are_too_hostile_to_be_named_and_read(body: bytes) -> None:
    rail = MpesaConnector()
    for kind in rail.account_kinds:
        asked = callback(kind, body)
        assert len(rail.identify_event(asked)) < 200
        assert rail.read_event(_context(), asked) == ()
        assert rail.read_question(CONFIG, asked).amount is None


def _context() -> Any:
    class Account:
        config = CONFIG

    class Context:
        account = Account()

    return Context()


def test_a_question_is_answered_in_the_portals_codes() -> None:
    asked = c2b.question(CONFIG, callback("validation", TOLD | {"OrgAccountBalance": ""}))
    assert (asked.amount, asked.account_reference, asked.is_ours) == (kes(10_00), "inv-1001", True)
    codes = {answer: c2b.answered(answer).body["ResultCode"] for answer in Answer}
    assert codes == {
        Answer.ACCEPTED: "0", Answer.BAD_ACCOUNT: "C2B00012", Answer.BAD_AMOUNT: "C2B00013",
        Answer.BAD_SHORTCODE: "C2B00015", Answer.REFUSED: "C2B00016",
    }  # fmt: skip
    rules = c2b.rules({"c2b": {"least_minor": 5_00, "most_minor": 9_00}})
    assert [is_in_range(rules, kes(minor)) for minor in (4_99, 5_00, 9_00, 9_01)] == [
        False, True, True, False,
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("field", "said"),
    [
        ("c2b", {"when_in_doubt": "maybe"}), ("c2b", {"least_minor": 5, "most_minor": 4}),
        ("c2b", {"least_minor": 1.5}), ("c2b", {"x": 1}), ("pull", {"nominated_number": ""}),
        ("pull", {"nominated_number": "254700", "verb": "PUT"}), ("operations", ["void"]),
    ],
)  # fmt: skip
def test_a_wrong_configuration_is_named(field: str, said: object) -> None:
    assert field in account.problems(CONFIG | {field: said})
    right = {"c2b": {"unknown_reference": "reject"}, "pull": {"nominated_number": "254722000000"}}
    assert account.problems(CONFIG | right) == {}


def test_addresses_are_registered_once_and_again() -> None:
    body = c2b.register_urls(
        CONFIG | {"c2b": {"when_in_doubt": "reject"}}, "https://c", "https://v"
    )
    assert body == {
        "ShortCode": "600638", "ResponseType": "Cancelled", "ConfirmationURL": "https://c",
        "ValidationURL": "https://v",
    }  # fmt: skip
    ok = {"OriginatorCoversationID": "1", "ResponseCode": "0", "ResponseDescription": "Success"}
    again = {"errorCode": "500.003.1001", "errorMessage": "Urls are already registered"}
    other = {"errorCode": "400.003.02", "errorMessage": "Bad Request"}
    answers = [(200, ok), (500, again), (400, other), (200, {})]
    said = [c2b.registered(status, json.dumps(told).encode()) for status, told in answers]
    assert [one.is_registered for one in said] == [True, True, False, False]
    assert "support" in said[1].said


def test_pulled_lines_are_the_same_pay_ins_as_confirmations() -> None:
    row = {
        "transactionId": "RKTQDM7W6S", "trxDate": "2019-11-22T03:38:45Z", "msisdn": 712345126,
        "sender": "MPESA", "transactiontype": "c2b-pay-bill-debit", "billreference": "inv-1001",
        "amount": 10.0, "organizationname": "x",
    }  # fmt: skip
    page = {"ResponseCode": "1000", "Response": [[row, row | {"transactiontype": "b2c-debit"}]]}
    (news,) = c2b.pulled(200, json.dumps(page).encode())
    confirmed = c2b.confirmed(CONFIG, callback("confirmation", TOLD))
    assert confirmed is not None
    assert (news.dedupe, news.amount, news.provider_time) == (
        confirmed.dedupe, confirmed.amount, confirmed.provider_time,
    )  # fmt: skip
    assert news.payer == "254712345126"
    assert c2b.pulled(200, b'{"ResponseCode": "1001", "Response": []}') == []
    for status, wrong in ((500, page), (200, {}), (200, {"ResponseCode": 1000, "Response": [{
        "transactionId": "X", "trxDate": "x", "amount": 1}]})):  # fmt: skip
        with pytest.raises(ValueError, match=r"."):
            c2b.pulled(status, json.dumps(wrong).encode())


def attempt(operation: Operation, **more: Any) -> AttemptView:
    facts: dict[str, Any] = {
        "id": new_id(), "operation": operation, "amount": kes(500_00), "phone": "",
        "reference": "INV-77", "description": "", "provider_key": "our-key", "provider_refs": {},
        "created_at": datetime(2026, 11, 23, tzinfo=UTC),
    }  # fmt: skip
    return AttemptView(**(facts | more))


TILL = Party("shortcode", "600111", details={"kind": "till", "account": "ACC-1"})
PARENT = ParentView(
    id=new_id(), operation=Operation.PURCHASE, amount=kes(500_00), provider_key="k",
    provider_refs={"receipt": "RKT1"},
)  # fmt: skip


def test_a_till_is_paid_and_a_payment_reversed_at_the_attempts_own_addresses() -> None:
    paid = transfers.b2b(CONFIG, "cred", attempt(Operation.PAYOUT, party=TILL), "u/{}".format)
    assert paid["CommandID"] == "BusinessBuyGoods"
    assert (paid["PartyB"], paid["AccountReference"], paid["Amount"]) == ("600111", "ACC-1", "500")
    assert (paid["SenderIdentifierType"], paid["RecieverIdentifierType"]) == ("4", "4")
    assert (paid["ResultURL"], paid["QueueTimeOutURL"]) == ("u/result", "u/timeout")
    assert "OriginatorConversationID" not in paid
    refund = attempt(Operation.REFUND, parent=PARENT, reason="Broken")
    back = transfers.reversal(CONFIG, "cred", refund, "u/{}".format)
    assert (back["TransactionID"], back["Amount"], back["Remarks"]) == ("RKT1", "500", "Broken")
    assert back["RecieverIdentifierType"] == "11"
    pay_in = attempt(Operation.PAYOUT, party=Party("receipt", "RKT2"))
    assert transfers.reversal(CONFIG, "c", pay_in, "u/{}".format)["TransactionID"] == "RKT2"


def result(code: object, *parameters: tuple[str, object]) -> dict[str, Any]:
    listed = [{"Key": name, "Value": value} for name, value in parameters]
    return {"Result": {
        "ResultType": 0, "ResultCode": code, "ResultDesc": "d", "ConversationID": "AG_1",
        "OriginatorConversationID": "theirs", "TransactionID": "RKT9",
        "ResultParameters": {"ResultParameter": listed},
    }}  # fmt: skip


@pytest.mark.parametrize(
    ("code", "outcome", "standard"),
    [
        (0, Outcome.SUCCEEDED, None), ("0", Outcome.SUCCEEDED, None),
        ("R000001", Outcome.UNKNOWN, "request.duplicate"),
        ("R000002", Outcome.DECLINED, "request.invalid"), (False, Outcome.UNKNOWN, "provider."),
        ("1", Outcome.DECLINED, "config.float_short"), ("777", Outcome.UNKNOWN, "unknown"),
    ],
)  # fmt: skip
def test_what_a_reversal_came_to(code: object, outcome: Outcome, standard: str | None) -> None:
    told = result(
        code, ("Amount", 500), ("TransCompletedTime", 20261123120000),
        ("CreditPartyPublicName", "254708374149 - J"),
    )  # fmt: skip
    view = attempt(Operation.REFUND, parent=PARENT)
    said = webhooks.interpret(callback("result", told), view)
    assert said.result.outcome == outcome
    assert "originator_conversation_id" not in said.result.provider_refs
    assert said.payer == ""
    if standard is not None:
        assert said.result.error is not None
        assert said.result.error.standard.startswith(standard)
    else:
        (fact,) = said.result.facts
        assert (fact.amount, fact.reference) == (kes(500_00), "RKT9")


def test_a_b2b_payment_nobody_has_heard_of_is_not_sent_again() -> None:
    unheard = callback("status", result("R000002"))
    b2b = attempt(Operation.PAYOUT, party=TILL)
    assert webhooks.interpret(unheard, b2b).result.outcome == Outcome.UNKNOWN
    b2c = attempt(Operation.PAYOUT, phone="254708374149", party=Party("phone", "254708374149"))
    assert webhooks.interpret(unheard, b2c).result.outcome == Outcome.ABSENT


def test_balances_are_read_whole_or_not_at_all() -> None:
    text = (
        "Working Account|KES|346568.83|6186.83|340382.00|0.00&Utility Account|KES|1.00|1.00|0.00|0"
        "&Charges Paid Account|KES|-1540.00|-1540.00|0.00|0.00"
    )
    told = result("0", ("AccountBalance", text), ("BOCompletedTime", 20261123120000))
    news = transfers.balances(callback("balance", told))
    assert news is not None
    assert [(one.name, one.available.minor) for one in news.readings] == [
        ("Working Account", 6_186_83), ("Utility Account", 1_00),
        ("Charges Paid Account", -1540_00),
    ]  # fmt: skip
    assert news.readings[0].reserved == kes(340_382_00)
    for wrong in ("", "Working Account|KES|1", text + "&X|USD|1|1|1|1", text + "&X|KES|a|b|c|d"):
        broken = result("0", ("AccountBalance", wrong))
        assert transfers.balances(callback("balance", broken)) is None
    assert transfers.balances(callback("balance", result("2001"))) is None
