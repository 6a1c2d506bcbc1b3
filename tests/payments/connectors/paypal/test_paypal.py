"""Our PayPal connector against the simulated PayPal: what is claimed is what its books say."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from apps.payments.connectors.accounts import DisputeReport, DisputeView, EvidenceFile
from apps.payments.connectors.base import AttemptView
from apps.payments.connectors.paypal import access, account, wire
from apps.payments.connectors.promises import submit
from apps.payments.domain.disputes import DisputeStage, DisputeStatus
from apps.payments.domain.merging import EventKind
from apps.payments.domain.states import Operation, Outcome
from apps.platform.ids import new_id
from apps.platform.money import Money
from tests.payments.connectors.paypal.merchant import RAIL, Memory, Merchant, usd

ORDERS = "/v2/checkout/orders"


def test_a_payment_is_ordered_agreed_to_and_taken_once(merchant: Merchant) -> None:
    first, attempt = merchant.send(merchant.attempt(Operation.PURCHASE))
    assert first.outcome == Outcome.ACCEPTED, first
    assert first.action is not None
    assert "checkoutnow" in first.action.url
    assert merchant.send(attempt)[0].provider_refs == first.provider_refs  # the same key
    assert merchant.ask(attempt)[0].outcome == Outcome.ACCEPTED
    early, _ = merchant.finish(attempt)
    assert early.outcome == Outcome.UNKNOWN  # nobody has agreed yet: nothing is concluded
    merchant.control.tell("approve", order=attempt.provider_refs["order_id"])
    assert merchant.ask(attempt)[0].outcome == Outcome.APPROVED
    done, attempt = merchant.finish(attempt)
    again, _ = merchant.finish(attempt)
    assert (done.outcome, done.facts) == (Outcome.SUCCEEDED, again.facts)
    fact = done.facts[0]
    assert (fact.amount, fact.fee) == (usd(10_00), usd(84))
    assert merchant.money() == [(10_00, -84)]
    assert merchant.ask(attempt)[0].facts == done.facts
    assert "@" not in str(done.exchange)
    assert "checkoutnow" not in str(first.exchange)


@pytest.mark.parametrize(
    ("payer", "answered", "standard", "at_last"),
    [
        ("declined@x.y", Outcome.DECLINED, "customer.declined", None),
        ("restricted@x.y", Outcome.DECLINED, "risk.declined", None),
        ("pending@x.y", Outcome.ACCEPTED, "", Outcome.SUCCEEDED),
        ("denied@x.y", Outcome.ACCEPTED, "", Outcome.DECLINED),
        ("lostanswer@x.y", Outcome.UNKNOWN, "provider.timeout", Outcome.SUCCEEDED),
    ],
)
def test_what_becomes_of_an_agreed_order(
    merchant: Merchant, payer: str, answered: Outcome, standard: str, at_last: Outcome | None
) -> None:
    _, attempt = merchant.send(merchant.attempt(Operation.PURCHASE))
    merchant.control.tell("approve", order=attempt.provider_refs["order_id"], payer=payer)
    result, attempt = merchant.finish(attempt)
    assert (result.outcome, result.error.standard if result.error else "") == (answered, standard)
    if at_last is not None:
        merchant.when(attempt, at_last)
    assert len(merchant.money()) == (at_last == Outcome.SUCCEEDED)


def test_held_money_is_taken_in_parts_let_go_and_given_back(merchant: Merchant) -> None:
    held = merchant.paid(30_00, how=Operation.AUTHORISE)
    assert merchant.money() == []
    capture = merchant.upon(held, Operation.CAPTURE, 10_00, is_last_capture=False)
    part, capture = merchant.send(capture)
    assert (part.outcome, part.facts[0].amount) == (Outcome.SUCCEEDED, usd(10_00))
    too_much = merchant.upon(held, Operation.CAPTURE, 25_00)
    refused, _ = merchant.send(too_much)
    assert refused.error is not None
    assert refused.error.standard == "request.limit"
    void = merchant.upon(held, Operation.VOID, 20_00)
    assert merchant.ask(void)[0].outcome == Outcome.ABSENT
    assert merchant.send(void)[0].outcome == Outcome.SUCCEEDED
    assert merchant.send(replace(void, provider_key="other"))[0].outcome == Outcome.SUCCEEDED
    assert merchant.ask(void)[0].outcome == Outcome.SUCCEEDED
    undone = merchant.ask(held)[0]
    assert [fact.kind for fact in undone.facts] == [EventKind.SUCCEEDED, EventKind.REVERSED]
    refund = merchant.upon(capture, Operation.REFUND, 4_00, reason="Cold soup")
    back, refund = merchant.send(refund)
    assert (back.outcome, back.facts[0].amount) == (Outcome.SUCCEEDED, usd(4_00))
    assert merchant.send(refund)[0].facts == back.facts
    beyond, _ = merchant.send(merchant.upon(capture, Operation.REFUND, 7_00))
    assert beyond.error is not None
    assert beyond.error.provider_code == "REFUND_AMOUNT_EXCEEDED"
    assert [amount for amount, _ in merchant.money()] == [10_00, -4_00]


@pytest.mark.parametrize(
    ("payer", "at_last", "left"),
    [("slowrefund@x.y", Outcome.SUCCEEDED, 0), ("badrefund@x.y", Outcome.DECLINED, 10_00)],
)
def test_a_refund_may_take_its_time_or_fail(
    merchant: Merchant, payer: str, at_last: Outcome, left: int
) -> None:
    paid = merchant.paid(payer=payer)
    result, refund = merchant.send(merchant.upon(paid, Operation.REFUND, 10_00))
    assert result.outcome == Outcome.ACCEPTED
    merchant.when(refund, at_last)
    assert sum(amount for amount, _ in merchant.money()) == left


def _lost(merchant: Merchant, operation: Operation) -> AttemptView:
    """An attempt of each kind that builds on what it needs."""
    if operation in {Operation.CAPTURE, Operation.VOID}:
        held = merchant.paid(how=Operation.AUTHORISE)
        return merchant.upon(held, operation, 10_00)
    if operation == Operation.REFUND:
        return merchant.upon(merchant.paid(), operation, 10_00)
    if operation == Operation.PAYOUT:
        return merchant.payout("amina@x.example")
    return merchant.attempt(operation)


@pytest.mark.parametrize("operation", sorted(account.KEYS))
def test_a_lost_answer_is_unknown_and_never_done_twice(
    merchant: Merchant, operation: Operation
) -> None:
    attempt = _lost(merchant, operation)
    before = len(merchant.money())
    access._token(merchant.context, refused="")
    merchant.control.tell("faults", path="/v", kind="lost_answer")
    result, attempt = merchant.send(attempt)
    assert (result.outcome, result.facts) == (Outcome.UNKNOWN, ())
    found, attempt = merchant.ask(attempt)
    if operation in {Operation.PURCHASE, Operation.AUTHORISE, Operation.PAYOUT}:
        assert found.outcome == Outcome.ABSENT  # nothing to look up by: the key is the question
        again, attempt = merchant.send(attempt)
        assert again.outcome == Outcome.ACCEPTED
    else:
        assert found.outcome == Outcome.SUCCEEDED
        assert merchant.send(attempt)[0].facts == found.facts
    if operation == Operation.PAYOUT:
        merchant.when(attempt, Outcome.SUCCEEDED)
    moves = {Operation.PURCHASE: 0, Operation.AUTHORISE: 0, Operation.VOID: 0}.get(operation, 1)
    assert len(merchant.money()) == before + moves


@pytest.mark.parametrize(
    ("kind", "outcome", "standard"),
    [
        ("too_many", Outcome.NOT_SENT, "provider.rate_limited"),
        ("forbidden", Outcome.DECLINED, "config.permission"),
        ("internal", Outcome.UNKNOWN, "provider.internal"),
        ("unavailable", Outcome.UNKNOWN, "provider.outage"),
        ("in_progress", Outcome.UNKNOWN, "provider.busy"),
        ("bad_gateway", Outcome.UNKNOWN, "provider.unreadable"),
        ("html", Outcome.UNKNOWN, "provider.unreadable"),
        ("empty", Outcome.UNKNOWN, "provider.unreadable"),
        ("malformed", Outcome.UNKNOWN, "provider.unreadable"),
        ("wrong_type", Outcome.UNKNOWN, "provider.unreadable"),
        ("drop", Outcome.UNKNOWN, "provider.timeout"),
    ],
)
def test_an_answer_that_proves_nothing_is_unknown(
    merchant: Merchant, kind: str, outcome: Outcome, standard: str
) -> None:
    payout = merchant.payout("amina@x.example")
    merchant.control.tell("faults", path="/v1/payments", kind=kind)
    result, _ = merchant.send(payout)
    assert result.error is not None
    assert (result.outcome, result.error.standard, result.facts) == (outcome, standard, ())
    merchant.control.tell("faults", path="/v1/payments", kind=kind)
    asked, _ = merchant.ask(replace(payout, provider_refs={"payout_batch_id": "B1"}))
    assert (asked.outcome, asked.is_unreachable) == (Outcome.UNKNOWN, True)
    assert merchant.money() == []


@pytest.mark.parametrize(
    ("receiver", "outcomes", "kinds", "moved"),
    [
        ("amina@x.y", [Outcome.SUCCEEDED], ["succeeded"], 1),
        ("slow@x.y", [Outcome.ACCEPTED, Outcome.SUCCEEDED], ["succeeded"], 1),
        ("unclaimed@x.y", [Outcome.ACCEPTED], ["pending"], 1),
        ("onhold@x.y", [Outcome.ACCEPTED], ["pending"], 1),
        ("failed@x.y", [Outcome.DECLINED], ["failed"], 0),
        ("blocked@x.y", [Outcome.DECLINED], ["failed"], 0),
        ("returned@x.y", [Outcome.DECLINED], ["failed"], 2),
        ("lostanswer@x.y", [Outcome.SUCCEEDED], ["succeeded"], 1),
    ],
)
def test_payouts_end_as_their_items_do(
    merchant: Merchant, receiver: str, outcomes: list[Outcome], kinds: list[str], moved: int
) -> None:
    result, payout = merchant.send(merchant.payout(receiver))
    if receiver.startswith("lost"):
        assert result.outcome == Outcome.UNKNOWN
        result, payout = merchant.send(payout)
    assert result.outcome == Outcome.ACCEPTED  # taken in, and never paid yet
    verdict = merchant.when(payout, outcomes[-1])
    if kinds != ["pending"]:
        assert [fact.kind for fact in verdict.facts] == kinds
    assert len(merchant.money()) == moved
    if kinds == ["succeeded"]:
        assert merchant.money() == [(-20_00, -25)]
        assert verdict.facts[0].fee == usd(25)


def test_a_payout_that_comes_back_was_paid_and_is_reversed(merchant: Merchant) -> None:
    _, payout = merchant.send(merchant.payout("refunded@x.y"))
    for _ in range(200):
        verdict, payout = merchant.ask(payout)
        if len(verdict.facts) == 2:
            break
    assert [fact.kind for fact in verdict.facts] == [EventKind.SUCCEEDED, EventKind.REVERSED]
    assert sum(amount for amount, _ in merchant.money()) == 0


def test_a_batch_id_is_honoured_when_the_request_id_is_not(merchant: Merchant) -> None:
    """Only ``sender_batch_id`` stands between a repetition and a second payment here."""
    payout = merchant.payout("amina@x.example")
    _, first = merchant.send(payout)
    body = RAIL.pay_out.__globals__["translate"].payout({}, payout)
    ask = access.Ask(method="POST", path="/v1/payments/payouts", body=body, key="another")
    assert access.send(merchant.context, ask).status == 400
    plain = replace(merchant.context)
    again = RAIL.pay_out(plain, payout)
    assert again.provider_refs == first.provider_refs
    merchant.when(first, Outcome.SUCCEEDED)
    assert merchant.money("T0001") == [(-20_00, -25)]


def test_an_order_whose_link_reached_nobody_was_not_paid(merchant: Merchant) -> None:
    lost = merchant.attempt(Operation.PURCHASE)
    assert merchant.ask(lost)[0].outcome == Outcome.ABSENT
    merchant.ahead += timedelta(hours=6)
    assert merchant.ask(lost)[0].outcome == Outcome.DECLINED
    merchant.ahead -= timedelta(hours=6)
    _, known = merchant.send(lost)
    merchant.later(hours=4)
    over, _ = merchant.ask(known)
    assert over.error is not None
    assert (over.outcome, over.error.standard) == (Outcome.DECLINED, "customer.expired")


def test_one_token_for_all_and_a_new_one_when_it_is_refused(merchant: Merchant) -> None:
    fetched: list[str] = []
    context = merchant.context

    class Counting:
        def send(self, method: str, url: str, **rest: Any) -> Any:
            fetched.append(url)
            return context.http.send(method, url, **rest)

    counting = replace(context, http=Counting())  # type: ignore[arg-type]
    threads = [
        threading.Thread(target=access._token, args=(counting,), kwargs={"refused": ""})
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(fetched) == 1
    merchant.control.tell("end-tokens")
    assert merchant.send(merchant.attempt(Operation.PURCHASE))[0].outcome == Outcome.ACCEPTED
    wrong = replace(context, secret=lambda _name: "wrong", cache=Memory())
    refused = submit(RAIL, wrong, merchant.attempt(Operation.PURCHASE))
    assert refused.error is not None
    assert (refused.outcome, refused.error.standard) == (Outcome.NOT_SENT, "config.credentials")
    nowhere = replace(context, http=replace(context.http, connect_seconds=0.2))
    dead = replace(context.account, config={"base_url": "http://127.0.0.1:9"})
    gone = submit(RAIL, replace(nowhere, account=dead), merchant.attempt(Operation.PURCHASE))
    assert gone.outcome == Outcome.NOT_SENT


def test_disputes_are_read_answered_and_given_in(merchant: Merchant) -> None:
    since = merchant.context.now() - timedelta(minutes=1)
    paid = merchant.paid(50_00)
    capture = paid.provider_refs["capture_id"]
    opened = merchant.control.tell("dispute", capture=capture)["dispute"]
    asked = merchant.control.tell("dispute", capture=capture, stage="INQUIRY")["dispute"]
    reports = {report.reference: report for report in RAIL.disputes(merchant.context, since)}
    assert reports.keys() == {opened, asked}
    report = reports[opened]
    assert (report.stage, report.status) == (DisputeStage.CHARGEBACK, DisputeStatus.NEEDS_RESPONSE)
    assert report.attempt_refs == {"capture_id": capture}
    assert report.due_by is not None
    assert [(m.kind, m.amount) for m in report.movements] == [
        ("withdrawn", usd(50_00)),
        ("fee", usd(20_00)),
    ]
    _answer(merchant, opened, report)
    given = RAIL.accept_dispute(merchant.context, _view(asked, report))
    assert given.outcome == Outcome.SUCCEEDED
    lost = RAIL.read_dispute(merchant.context, asked)
    assert lost is not None
    assert lost.status == DisputeStatus.ACCEPTED
    assert RAIL.read_dispute(merchant.context, "PP-D-0/../1") is None


def _view(reference: str, report: DisputeReport) -> DisputeView:
    return DisputeView(
        id=new_id(), reference=reference, amount=report.amount, refs={}, provider_key="D-1"
    )


def _answer(merchant: Merchant, opened: str, report: DisputeReport) -> None:
    """Our side is handed in once, and wins."""
    view = _view(opened, report)
    proof = EvidenceFile("receipt.pdf", "application/pdf", b"%PDF-1.7\r\n--part", "OTHER")
    done = RAIL.submit_evidence(merchant.context, view, 'Eaten up, she said "lovely"', [proof])
    assert done.outcome == Outcome.SUCCEEDED
    after = RAIL.read_dispute(merchant.context, opened)
    assert after is not None
    assert after.status == DisputeStatus.UNDER_REVIEW
    late = RAIL.submit_evidence(merchant.context, replace(view, provider_key="D-2"), "more", [])
    assert late.outcome == Outcome.DECLINED
    merchant.control.tell("resolve", dispute=opened, outcome="RESOLVED_SELLER_FAVOUR")
    won = RAIL.read_dispute(merchant.context, opened)
    assert won is not None
    assert won.status == DisputeStatus.WON
    assert won.movements[:2] == report.movements
    assert won.movements[2].kind == "reinstated"


def test_the_list_and_the_balance_say_what_moved(merchant: Merchant) -> None:
    since = merchant.context.now() - timedelta(days=40)
    paid = merchant.paid(10_00)
    merchant.send(merchant.upon(paid, Operation.REFUND, 4_00))
    until = merchant.context.now() + timedelta(seconds=2)
    lines = RAIL.transactions(merchant.context, since, until)
    told = [(line.kind, line.amount.minor) for line in lines]
    assert told == [("deposit", 1_000_00), ("pay_in", 10_00), ("fee", -84), ("refund", -4_00)]
    assert lines[1].account_reference == paid.provider_key
    assert lines[-1].linked_reference == lines[1].reference == lines[2].linked_reference
    balance = RAIL.balances(merchant.context).readings[0].available
    assert balance == lines[-1].balance == usd(sum(minor for _, minor in told))
    merchant.control.tell("faults", path="/v1/reporting", kind="html", count=2)
    with pytest.raises(ValueError, match="PayPal answered"):
        RAIL.transactions(merchant.context, since, until)
    assert RAIL.balances(merchant.context).error is not None


@pytest.mark.parametrize(
    ("amount", "shown"),
    [
        (Money(10_05, "USD"), "10.05"),
        (Money(1, "EUR"), "0.01"),
        (Money(500, "JPY"), "500"),
        (Money(500_00, "HUF"), "500"),
        (Money(500_00, "TWD"), "500"),
        (Money(500_50, "TWD"), None),
        (Money(10_00, "KES"), None),
        (Money(0, "USD"), None),
    ],
)
def test_amounts_are_written_and_read_without_loss(amount: Money, shown: str | None) -> None:
    if shown is None:
        with pytest.raises(ValueError, match="PayPal"):
            wire.amount(amount)
        return
    assert wire.amount(amount) == {"currency_code": amount.currency, "value": shown}
    assert wire.money(wire.amount(amount)) == amount
    for wrong in (10.05, "1e5", "NaN", "1,000.00", "10.005", None, True):
        assert wire.money({"currency_code": "USD", "value": wrong}) is None


@pytest.mark.parametrize(
    ("config", "field"),
    [
        ({"operations": ["teleport"]}, "operations"),
        ({"operations": []}, "operations"),
        ({"base_url": "ftp://x"}, "base_url"),
        ({"base_url": "https://x/"}, "base_url"),
        ({"webhook_id": "no spaces"}, "webhook_id"),
        ({"webhook_root": "not a certificate"}, "webhook_root"),
        ({"brand_name": "x" * 128}, "brand_name"),
        ({"sends_per_second": True}, "sends_per_second"),
        ({"tariff": []}, "tariff"),
        ({"client_secret": "in the wrong place"}, "client_secret"),
        ({}, ""),
    ],
)
def test_a_wrong_configuration_is_told_by_field(config: dict[str, object], field: str) -> None:
    assert set(RAIL.problems(config)) == ({field} if field else set())
