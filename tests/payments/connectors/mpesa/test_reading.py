"""Daraja's words into ours: every recorded body, and what is not among them."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.payments.connectors.base import Interpretation, RawCallback, Result
from apps.payments.connectors.mpesa import answers, codes, statement, webhooks, wire
from apps.payments.domain.merging import EventKind
from apps.payments.domain.states import Operation, Outcome
from apps.platform.money import Money
from tests.payments.connectors.mpesa.test_translate import attempt

RECORDED = Path(__file__).parent / "recorded"
CHECKOUT = "ws_CO_191220191020363925"


def body(name: str) -> bytes:
    return (RECORDED / name).read_bytes()


def heard(kind: str, name: str) -> Interpretation:
    return webhooks.interpret(RawCallback(kind, body(name)), attempt())


def test_an_acknowledgement_is_not_a_payment() -> None:
    result = answers.stk_acknowledged(200, body("stk_ack.json"), attempt())
    assert result.outcome == Outcome.ACCEPTED
    assert result.provider_refs == {
        "checkout_request_id": CHECKOUT,
        "merchant_request_id": "29115-34620561-1",
    }
    assert [fact.kind for fact in result.facts] == [EventKind.PENDING]


def test_a_paid_prompt() -> None:
    said = heard("stk", "stk_callback_paid.json")
    (fact,) = said.result.facts
    assert said.result.outcome == Outcome.SUCCEEDED
    assert (fact.amount, fact.reference) == (Money(100, "KES"), "NLJ7RT61SV")
    assert fact.dedupe == "receipt:NLJ7RT61SV"
    assert fact.provider_time == datetime(2019, 12, 19, 7, 21, 15, tzinfo=UTC)
    assert said.payer == "254708374149"


@pytest.mark.parametrize(
    ("name", "outcome", "standard"),
    [
        ("stk_callback_cancelled.json", Outcome.DECLINED, "customer.cancelled"),
        ("stk_callback_unreachable.json", Outcome.UNKNOWN, "customer.unreachable"),
        ("stk_callback_false.json", Outcome.UNKNOWN, "provider.unreadable"),
        ("stk_callback_no_amount.json", Outcome.UNKNOWN, "provider.unreadable"),
    ],
)
def test_prompts_that_were_not_paid_or_cannot_be_read(
    name: str, outcome: Outcome, standard: str
) -> None:
    result = heard("stk", name).result
    assert result.error is not None
    assert (result.outcome, result.error.standard) == (outcome, standard)
    assert all(fact.amount is None for fact in result.facts)


def test_a_paid_payout_with_its_float_reading() -> None:
    said = heard("result", "b2c_result_paid.json")
    (fact,) = said.result.facts
    assert (fact.amount, fact.reference) == (Money(10_00, "KES"), "NLJ41HAY6Q")
    assert fact.data == {
        "utility_minor": 10116_00,
        "working_minor": 900000_00,
        "charges_minor": -4510_00,
    }
    assert said.payer == "254708374149"
    assert said.result.provider_refs["originator_conversation_id"] == "10571-7910404-1"


def test_a_single_parameter_comes_bare() -> None:
    (fact,) = heard("result", "b2c_result_single_parameter.json").result.facts
    assert fact.amount == Money(1_010_50, "KES")


def test_a_refused_payout() -> None:
    result = heard("result", "b2c_result_initiator.json").result
    assert result.error is not None
    assert (result.outcome, result.error.standard) == (Outcome.DECLINED, "config.credentials")


def test_a_queue_timeout_is_not_a_failure() -> None:
    assert heard("timeout", "b2c_result_paid.json").result.outcome == Outcome.UNKNOWN


def test_a_status_names_the_payout_inside() -> None:
    said = heard("status", "status_completed.json").result
    assert said.outcome == Outcome.SUCCEEDED
    assert said.provider_refs == {
        "conversation_id": "AG_20180223_000041b09c22e613d6c9",
        "originator_conversation_id": "10571-7910404-1",
        "receipt": "MBN31H462N",
    }
    assert heard("status", "status_unknown_transaction.json").result.outcome == Outcome.ABSENT


@pytest.mark.parametrize(
    ("name", "status", "outcome", "standard"),
    [
        ("error_invalid_amount.json", 400, Outcome.DECLINED, "request.invalid"),
        ("error_invalid_token.json", 404, Outcome.NOT_SENT, "config.credentials"),
        ("error_spike.json", 500, Outcome.NOT_SENT, "provider.rate_limited"),
        ("error_duplicate.json", 500, Outcome.UNKNOWN, "request.duplicate"),
        ("error_internal.json", 500, Outcome.UNKNOWN, "provider.internal"),
        ("error_merchant.json", 500, Outcome.DECLINED, "config.product"),
        ("error_locked.json", 500, Outcome.DECLINED, "customer.busy"),
    ],
)
def test_refusals_by_the_gateway(name: str, status: int, outcome: Outcome, standard: str) -> None:
    result = answers.b2c_acknowledged(status, body(name), attempt(Operation.PAYOUT))
    assert result.error is not None
    assert (result.outcome, result.error.standard) == (outcome, standard)


def test_a_query_says_pending_or_how_it_ended() -> None:
    asked = attempt(provider_refs={"checkout_request_id": CHECKOUT})
    pending = answers.stk_answered(500, body("stk_query_being_processed.json"), asked)
    assert pending.outcome == Outcome.ACCEPTED
    cancelled = answers.stk_answered(200, body("stk_query_cancelled.json"), asked)
    assert cancelled.outcome == Outcome.DECLINED
    elsewhere = attempt(provider_refs={"checkout_request_id": "ws_CO_other"})
    strange = answers.stk_answered(200, body("stk_query_cancelled.json"), elsewhere)
    assert strange.outcome == Outcome.UNKNOWN


@pytest.mark.parametrize("said", [b"", b"null", b"[]", b"<html>", b'"0"', b'{"ResultCode":'])
def test_what_cannot_be_read_is_unknown(said: bytes) -> None:
    view = attempt(provider_refs={"checkout_request_id": CHECKOUT})
    results: list[Result] = [
        answers.stk_acknowledged(200, said, view),
        answers.b2c_acknowledged(200, said, view),
        answers.stk_answered(200, said, view),
        *(webhooks.interpret(RawCallback(kind, said), view).result for kind in webhooks.KINDS),
    ]
    assert {result.outcome for result in results} == {Outcome.UNKNOWN}
    assert all(not result.facts for result in results)


@pytest.mark.parametrize("value", [False, True, None, "", 0.0, [], {}, "0 0", "x" * 40])
def test_what_is_not_a_code_is_no_code(value: object) -> None:
    assert codes.code(value) is None


def test_codes_come_as_numbers_and_texts() -> None:
    assert [codes.code(v) for v in (0, "0", "R000002", " SFC_IC0003 ")] == [
        "0", "0", "R000002", "SFC_IC0003",
    ]  # fmt: skip


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8) | st.floats(allow_nan=False),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(
        st.sampled_from(
            ["Body", "stkCallback", "Result", "ResultCode", "ResultType", "CallbackMetadata",
             "Item", "Name", "Key", "Value", "Amount", "ResultParameters", "ResultParameter",
             "ConversationID", "CheckoutRequestID", "MpesaReceiptNumber", "TransactionStatus"]
        ),
        inner,
        max_size=4,
    ),
    max_leaves=20,
)  # fmt: skip


@given(_json, st.sampled_from(sorted(webhooks.KINDS)))
def test_no_body_makes_the_reader_raise(said: object, kind: str) -> None:
    callback = RawCallback(kind, json.dumps(said).encode())
    assert webhooks.identify(callback)
    webhooks.interpret(callback, attempt())


@given(st.binary(max_size=200))
def test_no_bytes_make_the_reader_raise(said: bytes) -> None:
    webhooks.identify(RawCallback("stk", said))
    assert webhooks.interpret(RawCallback("result", said), attempt()).result.facts == ()


def test_numbers_are_exact() -> None:
    told = wire.document(b'{"Amount": 0.1, "Big": 9007199254740993.01}')
    assert told == {"Amount": Decimal("0.1"), "Big": Decimal("9007199254740993.01")}


def test_evidence_holds_no_secret_and_no_number() -> None:
    kept = wire.covered(
        {
            "Password": "p",
            "SecurityCredential": "s",
            "CallBackURL": "https://x/in/daraja/secret/stk",
            "PhoneNumber": "254708374149",
            "Result": {"Name": "254708374149 - John"},
        }
    )
    assert "254708374149" not in json.dumps(kept)
    assert (kept["Password"], kept["CallBackURL"]) == ("***", "***")
    assert kept["PhoneNumber"] == "2547*****149"


def test_the_statement_line_by_line() -> None:
    lines = statement.read(body("statement.csv"))
    assert [(line.reference, line.kind, line.amount.minor) for line in lines] == [
        ("UKM1A2B3C4", "pay_in", 1_500_00),
        ("UKM1A2B3C5", "fee", -8_25),
        ("UKM1A2B3C6", "payout", -2_000_00),
    ]
    assert lines[0].account_reference == "ORD-1"
    assert lines[2].account_reference == "0198a6c2-0000-7000-8000-000000000001"
    assert "254708374149" not in str(lines)


@pytest.mark.parametrize("said", [b"", b"Receipt No.\n", b"\xff\xfe", b"<html></html>"])
def test_what_is_no_statement_is_refused(said: bytes) -> None:
    with pytest.raises(ValueError, match=r"statement|codec"):
        statement.read(said)
