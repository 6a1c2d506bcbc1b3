"""The connector against the simulated Stripe: every ending a call can have."""

from __future__ import annotations

import dataclasses
from datetime import timedelta

import pytest

from apps.payments.connectors.accounts import DisputeView
from apps.payments.connectors.base import (
    AccountConfig,
    ParentView,
    Party,
)
from apps.payments.connectors.stripe import connect
from apps.payments.domain.states import Operation
from apps.platform import clock
from apps.platform.ids import new_id
from apps.platform.money import Money
from tests.payments.connectors.stripe.shop import (
    LATER,
    RAIL,
    Shop,
    child,
    ending,
    knowing,
)
from tests.payments.world import until

# --- collecting --------------------------------------------------------------------------------


def test_a_token_is_charged_at_once_and_the_evidence_holds_no_secret(shop: Shop) -> None:
    result = RAIL.collect(shop.context, shop.attempt())
    (fact,) = result.facts
    assert (result.outcome, fact.amount, fact.fee) == (
        "succeeded", Money(1_500, "USD"), Money(74, "USD"),
    )  # fmt: skip
    assert result.exchange is not None
    assert result.exchange.request["path"] == "/stripe/v1/payment_intents"
    told = repr(result.exchange)
    assert "_secret_" not in told
    assert "sk_test" not in told


@pytest.mark.parametrize(
    ("method", "standard"),
    [("pm_card_chargeDeclined", "risk.declined"),
     ("pm_card_chargeDeclinedInsufficientFunds", "customer.insufficient_funds"),
     ("pm_card_chargeDeclinedLostCard", "risk.suspected_fraud"),
     ("pm_card_chargeDeclinedExpiredCard", "customer.invalid_method"),
     ("pm_card_authenticationRequired", "customer.authentication")],
)  # fmt: skip
def test_declines(shop: Shop, method: str, standard: str) -> None:
    attempt = shop.attempt(party=Party("token", method))
    result = RAIL.collect(shop.context, attempt)
    assert ending(result) == ("declined", standard, "no")
    assert RAIL.verify(shop.context, knowing(attempt, result)).outcome == "declined"


def test_a_payer_on_the_page_pays_and_the_bank_asks(shop: Shop) -> None:
    attempt = shop.attempt(party=Party())
    result = RAIL.collect(shop.context, attempt)
    assert result.outcome == "accepted"
    assert result.action is not None
    assert result.action.kind == "client_secret"
    intent = result.provider_refs["payment_intent"]
    known = knowing(attempt, result)
    assert RAIL.verify(shop.context, known).outcome == "accepted"
    shop.control.tell("pay", payment_intent=intent)
    assert RAIL.verify(shop.context, known).outcome == "succeeded"
    there = shop.attempt(
        party=Party("token", "pm_card_authenticationRequired"), return_url="https://shop/back"
    )
    asked = RAIL.collect(shop.context, there)
    assert asked.action is not None
    assert asked.action.kind == "redirect"


@pytest.mark.parametrize("why", ["declined on the page", "nobody came"])
def test_a_try_that_is_over_is_closed_for_good(shop: Shop, why: str) -> None:
    attempt = shop.attempt(party=Party())
    result = RAIL.collect(shop.context, attempt)
    intent = result.provider_refs["payment_intent"]
    if why == "nobody came":
        verdict = RAIL.verify(shop.ahead(LATER), knowing(attempt, result))
    else:
        shop.control.tell("pay", payment_intent=intent, payment_method="pm_card_chargeDeclined")
        verdict = RAIL.verify(shop.context, knowing(attempt, result))
    assert verdict.outcome == "declined"
    with pytest.raises(AssertionError, match="no intent of that id waiting"):
        shop.control.tell("pay", payment_intent=intent)


# --- what is not proved ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("rate_limit", ("not_sent", "provider.rate_limited", "no")),
        ("lock_timeout", ("unknown", "provider.busy", "unknown")),
        ("internal", ("unknown", "provider.internal", "unknown")),
        ("unavailable", ("unknown", "provider.internal", "unknown")),
        ("html", ("unknown", "provider.unreadable", "unknown")),
        ("empty", ("unknown", "provider.unreadable", "unknown")),
        ("malformed", ("unknown", "provider.unreadable", "unknown")),
        ("wrong_type", ("unknown", "provider.unreadable", "unknown")),
        ("drop", ("unknown", "provider.timeout", "unknown")),
        ("lost_answer", ("unknown", "provider.timeout", "unknown")),
        ("garbled_answer", ("unknown", "provider.internal", "unknown")),
    ],
)
def test_spoilt_answers_and_what_asking_finds(
    shop: Shop, kind: str, expected: tuple[str, str, str]
) -> None:
    attempt = shop.attempt()
    shop.fault(kind)
    assert ending(RAIL.collect(shop.context, attempt)) == expected
    at_once = RAIL.verify(shop.context, attempt)
    if kind in {"lost_answer", "garbled_answer"}:
        assert at_once.outcome == "succeeded"  # found by our mark
    else:
        assert at_once.outcome == "unknown"  # it might still be under way
        later = RAIL.verify(shop.ahead(timedelta(minutes=3)), attempt)
        assert ending(later) == ("absent", "provider.absent", "no")
    again = RAIL.collect(shop.context, attempt)
    assert again.outcome == "succeeded"
    found = shop.control.ask("transactions", account=shop.account)["transactions"]
    assert sum(row["type"] == "charge" for row in found) == 1


def test_no_connection_proves_that_nothing_left_and_silence_proves_nothing(shop: Shop) -> None:
    nowhere = AccountConfig("cards", "simulator", "", "USD", {"base_url": "http://127.0.0.1:9"})
    context = dataclasses.replace(shop.context, account=nowhere)
    attempt = shop.attempt()
    assert ending(RAIL.collect(context, attempt)) == ("not_sent", "provider.outage", "no")
    asked = RAIL.verify(context, attempt)
    assert (asked.outcome, asked.is_unreachable) == ("unknown", True)
    shop.fault("slow", milliseconds=600)
    hasty = dataclasses.replace(shop.context, timeout_seconds=0.2)
    assert ending(RAIL.collect(hasty, attempt)) == ("unknown", "provider.timeout", "unknown")
    until(lambda: RAIL.verify(shop.context, attempt).outcome == "succeeded" or None)


def test_a_key_that_came_with_another_body_is_never_repeated(shop: Shop) -> None:
    attempt = shop.attempt()
    RAIL.collect(shop.context, attempt)
    other = dataclasses.replace(attempt, amount=Money(1_600, "USD"))
    result = RAIL.collect(shop.context, other)
    assert ending(result) == ("unknown", "request.duplicate", "unknown")
    assert result.error is not None
    assert result.error.retry == "never"


def test_wrong_keys_and_wrong_intents_move_nothing(shop: Shop) -> None:
    context = dataclasses.replace(shop.context, secret=lambda _name: "sk_test_wrong")
    result = RAIL.collect(context, shop.attempt())
    assert ending(result) == ("not_sent", "config.credentials", "no")
    about = ParentView(new_id(), Operation.AUTHORISE, Money(1, "USD"), "", {})
    for operation, call in (
        ("capture", RAIL.capture),
        ("void", RAIL.void),
        ("refund", RAIL.refund),
    ):
        lost = shop.attempt(1_500, operation, parent=about)
        assert call(shop.context, lost).outcome == "declined"


# --- what builds on a payment ------------------------------------------------------------------


def test_held_captured_in_parts_and_let_go(shop: Shop) -> None:
    config = {**shop.context.account.config, "multicapture": True}
    account = dataclasses.replace(shop.context.account, config=config)
    context = dataclasses.replace(shop.context, account=account)
    hold = shop.attempt(operation="authorise")
    held = RAIL.authorise(context, hold)
    assert (held.outcome, held.facts[0].amount) == ("succeeded", Money(1_500, "USD"))
    first = child(shop, hold, held, "capture", 500, is_last_capture=False)
    shop.fault("lost_answer", f"/v1/payment_intents/{held.provider_refs['payment_intent']}/capture")
    assert RAIL.capture(context, first).outcome == "unknown"
    found = RAIL.verify(context, first)
    assert (found.outcome, found.facts[0].amount) == ("succeeded", Money(500, "USD"))
    second = child(shop, hold, held, "capture", 300)
    assert RAIL.verify(shop.ahead(timedelta(minutes=3)), second).outcome == "absent"
    taken = RAIL.capture(context, second)
    assert (taken.outcome, taken.facts[0].amount) == ("succeeded", Money(300, "USD"))
    too_late = RAIL.void(context, child(shop, hold, held, "void"))
    assert ending(too_late) == ("declined", "request.wrong_state", "no")
    other = shop.attempt(operation="authorise")
    kept = RAIL.authorise(context, other)
    void = child(shop, other, kept, "void")
    assert RAIL.verify(shop.context, void).outcome == "unknown"
    assert RAIL.void(context, void).outcome == "succeeded"
    assert RAIL.verify(context, void).outcome == "succeeded"
    assert RAIL.capture(context, child(shop, other, kept, "capture")).outcome == "unknown"


def test_refunds_in_parts_lost_and_coming_back(shop: Shop) -> None:
    paid = shop.attempt(party=Party("token", "pm_card_refundFail"))
    told = RAIL.collect(shop.context, paid)
    part = child(shop, paid, told, "refund", 500, reason="duplicate")
    shop.fault("lost_answer", "/v1/refunds")
    assert RAIL.refund(shop.context, part).outcome == "unknown"
    found = RAIL.verify(shop.context, part)
    assert (found.outcome, found.facts[0].kind) == ("succeeded", "succeeded")
    came_back = until(
        lambda: (
            result
            if (result := RAIL.verify(shop.context, knowing(part, found))).outcome == "declined"
            else None
        )
    )
    assert came_back.facts[0].kind == "reversed"
    too_much = RAIL.refund(shop.context, child(shop, paid, told, "refund", 9_000))
    assert ending(too_much) == ("declined", "request.invalid", "no")


def test_a_dispute_is_read_answered_and_won(shop: Shop) -> None:
    since = clock.now() - timedelta(minutes=1)
    RAIL.collect(shop.context, shop.attempt(party=Party("token", "pm_card_createDispute")))
    (dispute,) = until(lambda: RAIL.disputes(shop.context, since))
    assert [move.kind for move in dispute.movements] == ["withdrawn", "fee"]
    view = DisputeView(
        id=new_id(), reference=dispute.reference, amount=dispute.amount, refs={},
        provider_key=str(new_id()),
    )  # fmt: skip
    sent = RAIL.submit_evidence(shop.context, view, "winning_evidence", ())
    assert sent.outcome == "succeeded"
    won = until(
        lambda: (
            told
            if (told := RAIL.read_dispute(shop.context, view.reference)) and told.status == "won"
            else None
        )
    )
    assert [move.kind for move in won.movements] == ["withdrawn", "fee", "reinstated"]
    assert RAIL.accept_dispute(shop.context, view).outcome != "succeeded"


# --- Connect -----------------------------------------------------------------------------------


def test_transfers_reach_a_connected_account_and_its_bank(shop: Shop) -> None:
    payee = shop.onboarded()
    link = connect.onboarding_link(
        shop.context, payee, refresh_url="https://a/r", return_url="https://a/b"
    )
    assert link.link is not None
    assert link.link.url not in repr(link.result)
    ready = connect.account(shop.context, payee).account
    assert ready is not None
    assert ready.is_ready
    payout = shop.attempt(2_000, "payout", party=Party("token", payee))
    shop.fault("lost_answer", "/v1/transfers")
    assert RAIL.pay_out(shop.context, payout).outcome == "unknown"
    found = RAIL.verify(shop.context, payout)
    assert (found.outcome, found.facts[0].amount) == ("succeeded", Money(2_000, "USD"))
    again = RAIL.pay_out(shop.context, payout)
    assert again.provider_refs == found.provider_refs
    (held,) = connect.balances(shop.context, payee).balances
    assert held.available == Money(2_000, "USD")
    id = found.provider_refs["transfer"]
    key = str(new_id())
    for _ in range(2):
        back = connect.reverse_transfer(shop.context, id, Money(500, "USD"), key=key)
        assert back.outcome == "succeeded"
    assert connect.pay_out(
        shop.context, payee, Money(1_500, "USD"), key=str(new_id())
    ).outcome == "accepted"  # fmt: skip
    short = shop.attempt(9_000_000, "payout", party=Party("token", payee))
    assert ending(RAIL.pay_out(shop.context, short)) == ("declined", "config.float_short", "no")
    nobody = shop.attempt(100, "payout", party=Party("token", "acct_nobody"))
    assert RAIL.pay_out(shop.context, nobody).outcome == "declined"


def test_a_destination_charge_shares_and_its_refund_takes_back(shop: Shop) -> None:
    payee = shop.onboarded()
    config = {**shop.context.account.config, "destination": payee, "application_fee_bps": 1_000}
    account = dataclasses.replace(shop.context.account, config=config)
    context = dataclasses.replace(shop.context, account=account)
    paid = shop.attempt(10_000, party=Party("token", "pm_card_bypassPending"))
    told = RAIL.collect(context, paid)
    (held,) = connect.balances(context, payee).balances
    assert (told.outcome, held.available.minor) == ("succeeded", 9_000)
    assert RAIL.refund(context, child(shop, paid, told, "refund", 10_000)).outcome == "succeeded"
    (left,) = connect.balances(context, payee).balances
    assert left.available.minor == 0
