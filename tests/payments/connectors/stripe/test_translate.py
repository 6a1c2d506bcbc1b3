"""Stripe's words and ours, both ways, without any network; hostile webhooks."""

from __future__ import annotations

import contextlib
import json
from datetime import UTC, datetime
from typing import Any, get_args
from uuid import UUID

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from apps.payments.connectors.accounts import News
from apps.payments.connectors.base import AccountConfig, AttemptView, Party, RawCallback, Result
from apps.payments.connectors.stripe import (
    account,
    amounts,
    answers,
    codes,
    connect,
    disputes,
    enquiries,
    statement,
    translate,
    webhooks,
    wire,
)
from apps.payments.connectors.stripe.client import API_VERSION
from apps.payments.domain.states import Operation, Outcome
from apps.platform.money import Money

NOW = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)
ATTEMPT = UUID("019ac000-0000-7000-8000-000000000001")
CONFIG = AccountConfig("cards", "simulator", "", "USD", {})


def view(**more: Any) -> AttemptView:
    facts: dict[str, Any] = {
        "id": ATTEMPT, "operation": Operation.PURCHASE, "amount": Money(1_500, "USD"), "phone": "",
        "reference": "ORD-1", "description": "Order 1", "provider_key": "ORD-1",
        "provider_refs": {}, "created_at": NOW,
    }  # fmt: skip
    return AttemptView(**{**facts, **more})


# --- amounts -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("minor", "currency", "units"),
    [
        (1_050, "USD", 1_050),
        (500, "JPY", 500),
        (5, "ISK", 500),  # no minor unit in ISO, two zeros at Stripe
        (300, "MGA", 3),  # two decimals in ISO, none at Stripe
        (5_120, "KWD", 5_120),
        (1_000, "KES", 1_000),
    ],
)
def test_amounts_in_stripes_units(minor: int, currency: str, units: int) -> None:
    money = Money(minor, currency)
    assert amounts.stated(money) == units
    assert amounts.read(units, currency.lower()) == money


@pytest.mark.parametrize(
    ("minor", "currency"),
    [(5_123, "KWD"), (301, "MGA"), (5, "UGX"), (0, "USD"), (-5, "USD"), (1, "IQD")],
)
def test_amounts_that_stripe_cannot_move_exactly(minor: int, currency: str) -> None:
    with pytest.raises(ValueError, match="Stripe"):
        amounts.stated(Money(minor, currency))


@settings(max_examples=60)
@given(st.sampled_from(sorted(amounts.policies(1))), st.integers(1, 1_000_000))
def test_what_the_policy_allows_is_stated_exactly_and_read_back(code: str, n: int) -> None:
    policy = amounts.policies(1)[code]
    money = Money(min(policy.least + (n - 1) * policy.step, policy.most), code)
    assert amounts.read(amounts.stated(money), code.lower()) == money


# --- requests ----------------------------------------------------------------------------------


def test_the_same_attempt_always_gives_the_same_body() -> None:
    token = Party("token", "pm_card_visa", details={"customer": "cus_1"})
    config = {"destination": "acct_1", "application_fee_bps": 1_000, "statement_suffix": "MARA"}
    asked = translate.intent(config, view(party=token))
    assert asked == translate.intent(config, view(party=token))
    assert (asked["confirm"], asked["off_session"], asked["customer"]) == (True, True, "cus_1")
    assert asked["transfer_data"] == {"destination": "acct_1"}
    assert asked["application_fee_amount"] == 150
    assert asked["metadata"]["attempt_id"] == str(ATTEMPT)
    held = translate.intent({"multicapture": True}, view(operation=Operation.AUTHORISE))
    assert (held["capture_method"], "confirm" in held) == ("manual", False)
    assert "transfer_data" not in held


@pytest.mark.parametrize(
    ("config", "field"),
    [
        ({"operations": ["teleport"]}, "operations"),
        ({"operations": []}, "operations"),
        ({"base_url": "ftp://x"}, "base_url"),
        ({"base_url": "https://x/"}, "base_url"),
        ({"acts_for": "someone"}, "acts_for"),
        ({"application_fee_bps": 100}, "application_fee_bps"),
        ({"acts_for": "acct_1", "destination": "acct_2"}, "destination"),
        ({"payer_minutes": True}, "payer_minutes"),
        ({"api_key": "sk_live_1"}, "api_key"),
        ({"tariff": {"payout_bands": [[1]]}}, "tariff"),
    ],
)
def test_a_wrong_configuration_is_told_by_field(config: dict[str, object], field: str) -> None:
    assert field in account.problems(config)


def test_a_sound_configuration_has_no_problem() -> None:
    sound = {"base_url": "http://127.0.0.1:1/stripe", "destination": "acct_1",
             "application_fee_bps": 250, "operations": ["purchase", "refund"]}  # fmt: skip
    assert account.problems(sound) == {}
    assert account.problems({}) == {}
    assert account.capabilities(sound).operations == {Operation.PURCHASE, Operation.REFUND}


# --- answers -----------------------------------------------------------------------------------


def error(**facts: str) -> dict[str, object]:
    return {"error": facts}


@pytest.mark.parametrize(
    ("status", "document", "outcome", "standard", "moved", "retry"),
    [
        (402, error(type="card_error", code="card_declined", decline_code="insufficient_funds"),
         "declined", "customer.insufficient_funds", "no", "new_attempt"),
        (402, error(type="card_error", code="never_seen"),
         "declined", "risk.declined", "no", "new_attempt"),
        (402, {}, "unknown", "provider.unreadable", "unknown", "after_verify"),
        (400, error(type="idempotency_error"), "unknown", "request.duplicate", "unknown", "never"),
        (400, error(type="invalid_request_error", code="balance_insufficient"),
         "declined", "config.float_short", "no", "new_attempt"),
        (400, error(type="invalid_request_error", code="payment_intent_unexpected_state"),
         "unknown", "request.wrong_state", "unknown", "after_verify"),
        (400, error(code="rate_limit"), "not_sent", "provider.rate_limited", "no", "same_key"),
        (400, {}, "unknown", "provider.unreadable", "unknown", "after_verify"),
        (404, error(code="resource_missing"), "declined", "request.invalid", "no", "never"),
        (401, error(), "not_sent", "config.credentials", "no", "same_key"),
        (403, error(code="account_invalid"), "not_sent", "config.credentials", "no", "same_key"),
        (409, error(code="idempotency_key_in_use"),
         "unknown", "provider.busy", "unknown", "after_verify"),
        (429, error(), "not_sent", "provider.rate_limited", "no", "same_key"),
        (500, error(type="api_error"), "unknown", "provider.internal", "unknown", "after_verify"),
        (503, {}, "unknown", "provider.internal", "unknown", "after_verify"),
        (302, {}, "unknown", "provider.unreadable", "unknown", "after_verify"),
        (200, {}, "unknown", "provider.unreadable", "unknown", "after_verify"),
    ],
)  # fmt: skip
def test_refusals(
    status: int, document: dict[str, object], outcome: str, standard: str, moved: str, retry: str
) -> None:
    result = codes.refused(status, document)
    why = result.error
    assert why is not None
    assert (result.outcome, why.standard, why.money_moved, why.retry) == (
        outcome, standard, moved, retry,
    )  # fmt: skip


def intent(status: str, **more: object) -> dict[str, object]:
    whole: dict[str, object] = {
        "object": "payment_intent", "id": "pi_1", "status": status, "amount": 1_500,
        "amount_received": 0, "currency": "usd", "client_secret": "pi_1_secret_x",
        "latest_charge": None, "metadata": {"flow": "payer"}, "last_payment_error": None,
    }  # fmt: skip
    return whole | more


LINE = {"fee": 74, "currency": "usd"}
CHARGE = {"id": "ch_1", "object": "charge", "balance_transaction": LINE, "created": 1_795_000_000}
REFUSAL = {"code": "card_declined", "decline_code": "lost_card"}
PURCHASE, AUTHORISE = Operation.PURCHASE, Operation.AUTHORISE
SERVER = {"metadata": {"flow": "server"}}


@pytest.mark.parametrize(
    ("document", "operation", "outcome", "kinds"),
    [
        (intent("requires_payment_method"), PURCHASE, "accepted", []),
        (intent("requires_action"), PURCHASE, "accepted", []),
        (intent("requires_payment_method", last_payment_error=REFUSAL), PURCHASE, "accepted", []),
        (intent("requires_payment_method", last_payment_error=REFUSAL, **SERVER), PURCHASE,
         "declined", ["failed"]),
        (intent("processing"), PURCHASE, "accepted", ["pending"]),
        (intent("succeeded", amount_received=1_500, latest_charge=CHARGE), PURCHASE,
         "succeeded", ["succeeded"]),
        (intent("succeeded"), PURCHASE, "unknown", []),  # paid, and no charge to show for it
        (intent("requires_capture", latest_charge="ch_1"), PURCHASE, "unknown", []),
        (intent("requires_capture", latest_charge="ch_1"), AUTHORISE, "succeeded", ["succeeded"]),
        (intent("canceled"), PURCHASE, "declined", ["failed"]),
        (intent("canceled", latest_charge="ch_1", cancellation_reason="automatic"), AUTHORISE,
         "declined", ["reversed"]),
        (intent("canceled", latest_charge="ch_1"), AUTHORISE, "unknown", []),
        (intent("a_new_status"), PURCHASE, "unknown", []),
    ],
)  # fmt: skip
def test_intents(
    document: dict[str, object], operation: Operation, outcome: str, kinds: list[str]
) -> None:
    result = answers.intent(200, document, operation)
    assert (result.outcome, [fact.kind for fact in result.facts]) == (outcome, kinds)
    assert result.provider_refs["payment_intent"] == "pi_1"


def test_a_paid_intent_tells_amount_fee_and_charge() -> None:
    paid = intent("succeeded", amount_received=1_400, latest_charge=CHARGE)
    (fact,) = answers.read_intent(paid, PURCHASE).facts
    assert (fact.amount, fact.fee, fact.reference) == (
        Money(1_400, "USD"), Money(74, "USD"), "ch_1",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("status", "kinds"),
    [("succeeded", ["succeeded"]), ("pending", ["pending"]), ("failed", ["reversed"]),
     ("odd", [])],
)  # fmt: skip
def test_refunds(status: str, kinds: list[str]) -> None:
    document = {"object": "refund", "id": "re_1", "status": status, "amount": 5, "currency": "usd"}
    assert [fact.kind for fact in answers.refund(200, document).facts] == kinds


def test_a_dispute_moves_money_by_its_balance_transactions() -> None:
    lines = [
        {"id": "txn_1", "amount": -1_500, "fee": 1_500, "currency": "usd", "created": 1},
        {"id": "txn_2", "amount": 1_500, "fee": 0, "currency": "usd", "created": 2},
    ]
    document = {
        "object": "dispute", "id": "du_1", "amount": 1_500, "currency": "usd", "status": "won",
        "payment_intent": "pi_1", "reason": "fraudulent", "balance_transactions": lines,
        "evidence_details": {"due_by": 1_795_000_000},
    }  # fmt: skip
    told = disputes.report(document, NOW)
    assert told is not None
    moves = [(move.kind, move.amount.minor) for move in told.movements]
    assert moves == [("withdrawn", 1_500), ("fee", 1_500), ("reinstated", 1_500)]
    assert (told.status, told.attempt_refs) == ("won", {"payment_intent": "pi_1"})


WORDS = st.sampled_from(
    ["payment_intent", "refund", "dispute", "transfer", "payout", "balance_transaction", "account",
     "succeeded", "canceled", "pending", "failed", "requires_capture", "usd", "jpy", "UGX", "ch_1",
     str(ATTEMPT), "purchase", "authorise", translate.capture_mark(str(ATTEMPT)), ""]
)  # fmt: skip
NAMES = st.sampled_from(
    ["object", "id", "status", "amount", "amount_received", "currency", "latest_charge", "metadata",
     "attempt_id", "operation", "last_payment_error", "error", "payment_intent", "data", "created",
     "balance_transactions", "fee", "evidence_details", "due_by", "type", "code", "available",
     "pending", "requirements", "currently_due", "has_more", "next_action", "api_version",
     translate.capture_mark(str(ATTEMPT))]
)  # fmt: skip
SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(-(2**70), 2**70), st.floats(), WORDS, st.text(max_size=9)
)
JSON = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=4),
    max_leaves=10,
)


@settings(max_examples=60)
@given(st.dictionaries(NAMES, JSON, max_size=8), st.sampled_from([200, 400, 402, 404, 409, 500]))
@example({"object": "payment_intent", "status": "succeeded", "currency": []}, 200)
def test_any_json_becomes_something_typed(document: dict[str, Any], status: int) -> None:
    """Nothing raises, and only an exact amount with a reference is ever believed."""
    event = {"data": {"object": document}, "livemode": False, "api_version": API_VERSION}
    body, told_by_event = json.dumps(document).encode(), json.dumps(event).encode()
    document = wire.document(body)
    results: list[Result] = [
        *(answers.intent(status, document, operation) for operation in (PURCHASE, AUTHORISE)),
        answers.capture(status, document, str(ATTEMPT)),
        answers.void(status, document),
        answers.refund(status, document),
        answers.transfer(status, document),
        *(enquiries.read(document, operation) for operation in Operation),
    ]
    for result in results:
        assert isinstance(result.outcome, Outcome)
        for fact in result.facts:
            assert fact.dedupe
            assert fact.amount is None or (fact.amount.minor > 0 and fact.reference)
    for callback in (body, told_by_event, body[:-1]):
        news = webhooks.read(CONFIG, RawCallback("events", callback))
        assert all(isinstance(item, get_args(News)) for item in news)
        assert len(webhooks.identify(RawCallback("events", callback))) < 120
    disputes.report(document, NOW)
    connect.read_account(document)
    connect.read_balances(document)
    json.dumps(wire.covered_document(body))
    with contextlib.suppress(ValueError):
        list(statement.lines(document, "USD"))


def test_evidence_holds_no_secret() -> None:
    kept = json.dumps(wire.covered_document(json.dumps(intent("requires_action")).encode()))
    assert "secret_x" not in kept
