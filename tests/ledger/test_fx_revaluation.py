"""Revaluation: what foreign balances are worth, approved, posted, and taken back the next day."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from random import Random

import pytest
from django.db import Error, transaction

from apps.identity.errors import StepUpRequired
from apps.identity.people import actor_of
from apps.ledger.domain import AccountClass, credit, debit
from apps.ledger.domain.fx import RunState
from apps.ledger.errors.fx import (
    RatesMissing,
    RevaluationChanged,
    RevaluationNotReady,
    RevaluationTooEarly,
    SelfApproval,
)
from apps.ledger.models import FxRateSet
from apps.ledger.selectors import account_balance_as_of, books_violations, journal_entry
from apps.ledger.selectors.fx import RevaluationRow, exposures, revaluation, revaluation_figures
from apps.ledger.services import post_entry
from apps.ledger.services.fx import (
    approve_revaluation,
    discard_revaluation,
    draft_revaluation,
    post_revaluation,
)
from apps.platform import clock
from apps.platform.actors import SYSTEM, Actor
from apps.platform.models import OutboxMessage
from apps.platform.money import Money
from apps.tenancy.models import Tenant
from tests.identity.people import make_person
from tests.ledger.conftest import draft, image, kes, usd
from tests.ledger.fx_world import BANKS, change, deposit, execute, on, open_trading_chart, say

MONDAY, TUESDAY = date(2026, 3, 2), date(2026, 3, 3)


@pytest.fixture
def desk(books: Tenant) -> Tenant:
    """A customer's hundred dollars came at 128 on Monday and were converted at 129 on Tuesday."""
    open_trading_chart()
    with clock.reading(lambda: on("2026-03-02")):
        say("USD/KES", "128", days=0.9)
        deposit(usd(10_000))
    with clock.reading(lambda: on("2026-03-03")):
        say("USD/KES", "129", days=0.1)
        change(usd(10_000), "KES")
        say("USD/KES", "129.5", on("2026-03-03") + timedelta(hours=3))
    return books


@pytest.fixture
def maker(books: Tenant) -> Actor:
    return actor_of(make_person("amina", "treasurer"))


@pytest.fixture
def checker(books: Tenant) -> Actor:
    return actor_of(make_person("brian", "approver"))


def approve(run: RevaluationRow, actor: Actor) -> None:
    approve_revaluation(
        revaluation_id=run.id, digest=run.digest, step_up_at=clock.now(), actor=actor
    )


def unrealised(day: date) -> Money:
    return account_balance_as_of("fx.unrealised", day).balance


def told(row: RevaluationRow) -> list[tuple[str, Money, Money, Money, Money]]:
    return [
        (line.account, line.balance, line.carried, line.revalued, line.difference)
        for line in row.lines
    ]


def test_a_run_is_drafted_approved_posted_and_taken_back(
    desk: Tenant, maker: Actor, checker: Actor
) -> None:
    run = revaluation(draft_revaluation(as_of=TUESDAY, actor=maker))
    assert told(run) == [
        ("9310", usd(10_000), kes(1_280_000), kes(1_295_000), kes(15_000)),
        # The customer's dollars were owed at 128 and settled at 129.
        ("", usd(0), kes(0), kes(-10_000), kes(-10_000)),
    ]
    assert run.result == kes(5_000)
    assert run.rates["USD"]["rate"] == "129.500000000000000000"
    assert draft_revaluation(as_of=TUESDAY, actor=maker) == run.id
    before = image()
    with pytest.raises(SelfApproval):
        approve(run, maker)
    with pytest.raises(StepUpRequired):
        approve_revaluation(
            revaluation_id=run.id, digest=run.digest, step_up_at=None, actor=checker
        )
    with pytest.raises(RevaluationNotReady):
        post_revaluation(revaluation_id=run.id, actor=maker)
    assert image() == before
    approve(run, checker)
    post_revaluation(revaluation_id=run.id, actor=maker)
    once = image()
    post_revaluation(revaluation_id=run.id, actor=maker)
    assert image() == once

    posted = revaluation(run.id)
    assert posted.entry_id is not None
    legs = [(one.account, one.side, one.amount) for one in journal_entry(posted.entry_id).postings]
    assert legs == [
        ("fx.valuation.asset", "debit", kes(15_000)),
        ("fx.unrealised", "credit", kes(15_000)),
        ("fx.valuation.settled", "credit", kes(10_000)),
        ("fx.unrealised", "debit", kes(10_000)),
    ]
    days = [unrealised(MONDAY), unrealised(TUESDAY), unrealised(posted.reversal_date)]
    assert days == [kes(0), kes(5_000), kes(0)]
    assert posted.reversal_date == date(2026, 3, 4)
    message = OutboxMessage.objects.get(name="ledger.revaluation_posted")
    assert message.payload["result"] == {"amount_minor": 5_000, "currency": "KES"}
    assert books_violations() == []


def test_a_run_after_late_entries_books_the_rest_and_nothing_twice(
    desk: Tenant, maker: Actor, checker: Actor
) -> None:
    first = revaluation(draft_revaluation(as_of=TUESDAY, actor=maker))
    approve(first, checker)
    post_revaluation(revaluation_id=first.id, actor=maker)
    again = revaluation(draft_revaluation(as_of=TUESDAY, actor=maker))
    assert again.id != first.id
    assert again.result == kes(0)
    # A late entry of Monday: ten dollars of income, so a gain of 1.50 each.
    late = [debit(BANKS["USD"], usd(1_000)), credit("9700", usd(1_000))]
    post_entry(draft=draft(*late), idempotency_key="late", actor=maker)
    with pytest.raises(RevaluationChanged):
        approve(again, checker)
    rest = revaluation(draft_revaluation(as_of=TUESDAY, actor=maker))
    assert revaluation(again.id).state is RunState.SUPERSEDED
    assert rest.result == kes(1_500)
    approve(rest, checker)
    post_revaluation(revaluation_id=rest.id, actor=maker)
    assert unrealised(TUESDAY) == kes(6_500)
    # A late one of the very day on which the wallet's dollars were converted, at that day's rate.
    deposit(usd(500), on("2026-03-03"))
    figures = revaluation_figures(as_of=TUESDAY)
    balances = [(line.account, line.balance) for line in figures.lines]
    assert balances == [("9310", usd(11_500)), ("9800.usd", usd(500)), ("", usd(0))]
    assert figures.result == kes(0)
    assert unrealised(date(2026, 3, 4)) == kes(0)
    assert FxRateSet.objects.count() == 1
    assert books_violations() == []


def test_what_was_realised_by_a_conversion_is_not_told_again(
    desk: Tenant, maker: Actor, checker: Actor
) -> None:
    with clock.reading(lambda: on("2026-03-04")):
        say("USD/KES", "130")
        row = change(usd(10_000), "KES", accounts=BANKS)
    assert row.realised == kes(10_000)
    run = revaluation(draft_revaluation(as_of=date(2026, 3, 4), actor=maker))
    assert told(run) == []
    approve(run, checker)
    post_revaluation(revaluation_id=run.id, actor=maker)
    assert revaluation(run.id).entry_id is None
    assert books_violations() == []


def test_money_of_our_own_is_carried_at_cost_and_its_sale_is_told_apart(desk: Tenant) -> None:
    with clock.reading(lambda: on("2026-03-03") + timedelta(hours=4)):
        capital = [debit(BANKS["USD"], usd(100_000)), credit("9700", usd(100_000))]
        post_entry(draft=draft(*capital), idempotency_key="capital", actor=SYSTEM)  # at 128
        say("USD/KES", "131", on("2026-03-03") + timedelta(hours=3, minutes=1), days=0.05)
        change(usd(40_000), "KES", accounts=BANKS)
    figures = revaluation_figures(as_of=TUESDAY)
    (bank, settled) = figures.lines
    assert (bank.balance, bank.carried) == (usd(70_000), kes(8_960_000))
    assert bank.difference == kes(105_000)  # 1.50 on each of 700 dollars
    # 300 dollars went beyond the customer's hundred: the position is short and waits.
    assert settled.difference == kes(3 * 40_000 - 10_000 - 2 * 10_000)


@pytest.mark.parametrize("left_out", ["9310", "93"])
def test_classes_and_accounts_are_left_out(desk: Tenant, left_out: str) -> None:
    assert revaluation_figures(as_of=TUESDAY, excluded=["9310"]).result == kes(-10_000)
    debts = revaluation_figures(as_of=TUESDAY, classes=[AccountClass.LIABILITY])
    assert [line.account for line in debts.lines] == [""]
    # A prefix leaves out what stands below it, with a dot, and nothing that merely begins so.
    assert len(revaluation_figures(as_of=TUESDAY, excluded=["93"]).lines) == 2


def test_a_missing_rate_refuses_the_whole_run_and_is_named(desk: Tenant, maker: Actor) -> None:
    before = image()
    with pytest.raises(RatesMissing) as caught:
        draft_revaluation(as_of=date(2026, 3, 6), actor=maker)
    assert caught.value.missing == ["USD/KES on 2026-03-06"]
    deposit(Money(500, "EUR"), on("2026-03-01"))
    with pytest.raises(RatesMissing) as caught:
        draft_revaluation(as_of=TUESDAY, actor=maker)
    assert caught.value.missing == ["EUR/KES on 2026-03-01", "EUR/KES on 2026-03-03"]
    assert image()["ledger_posting"] != before["ledger_posting"]  # the deposit
    assert FxRateSet.objects.count() == 0
    with pytest.raises(RevaluationTooEarly):
        draft_revaluation(as_of=clock.today() + timedelta(days=3), actor=maker)


def test_a_run_that_is_not_wanted_is_put_aside(desk: Tenant, maker: Actor, checker: Actor) -> None:
    run = revaluation(draft_revaluation(as_of=TUESDAY, actor=maker))
    discard_revaluation(revaluation_id=run.id, reason="Wrong rates", actor=checker)
    with pytest.raises(RevaluationNotReady):
        approve(run, checker)
    assert draft_revaluation(as_of=TUESDAY, actor=maker) != run.id


def test_the_result_is_what_the_positions_are_worth(books: Tenant) -> None:
    """An independent way to the same figure: with nothing but deposits and conversions, the whole
    unrealised result is what the positions are worth less what they cost.
    """
    random = Random(7)
    open_trading_chart()
    for number in range(12):
        moment = datetime(2026, 1, 5 + number, 9, tzinfo=UTC)
        with clock.reading(lambda moment=moment: moment):  # type: ignore[misc]
            say("USD/KES", f"{random.randint(12_500, 13_300) / 100}")
            say("EUR/USD", f"{random.randint(11_000, 12_000) / 10_000}")
            for currency in ("KES", "USD", "EUR"):
                deposit(Money(random.randint(10_000, 99_999), currency))
            for _ in range(2):
                sold, bought = random.sample(["KES", "USD", "EUR"], 2)
                house = random.random() < 0.5
                change(
                    Money(random.randint(100, 5_000), sold),
                    bought,
                    **({"accounts": BANKS} if house else {}),  # type: ignore[arg-type]
                )
    last = date(2026, 1, 16)
    result = revaluation_figures(as_of=last).result.minor
    end = datetime(2026, 1, 16, 20, tzinfo=UTC)
    worth = sum(one.unrealised.minor for one in exposures(end) if one.unrealised is not None)
    assert abs(result - worth) <= 60  # one unit for each rounding on the way
    assert result
    assert books_violations() == []


GUARDED = [
    ("UPDATE ledger_fx_revaluation SET result_minor = 1", "LG113"),
    ("UPDATE ledger_fx_revaluation SET state = 'posted'", "LG113"),
    (("UPDATE ledger_fx_revaluation SET state = 'approved', approver_person = maker_person,"
      " step_up_at = now(), approved_at = now()"), "23514"),
    (("UPDATE ledger_fx_revaluation SET state = 'approved', approver_person = 'x',"
      " step_up_at = now() - interval '6 minutes', approved_at = now()"), "LG113"),
    ("UPDATE ledger_fx_revaluation_line SET difference_minor = 1", "LG002"),
    ("DELETE FROM ledger_fx_revaluation", "LG002"),
    ("UPDATE ledger_fx_rate_set SET rates = '{}'", "LG002"),
]  # fmt: skip


@pytest.mark.parametrize(("done", "state"), GUARDED, ids=[done[:70] for done, _ in GUARDED])
def test_the_database_holds_it_too(desk: Tenant, maker: Actor, done: str, state: str) -> None:
    draft_revaluation(as_of=TUESDAY, actor=maker)
    with pytest.raises(Error) as caught, transaction.atomic():
        execute(done)
    assert caught.value.__cause__.sqlstate == state  # type: ignore[union-attr]


@pytest.mark.parametrize(
    "fault",
    [
        "UPDATE ledger_fx_revaluation SET result_minor = 1",
        "UPDATE ledger_fx_revaluation SET as_of = as_of - 1",
        "UPDATE ledger_fx_revaluation SET reversal_id = entry_id",
    ],
)
def test_the_audit_finds_what_was_altered(
    desk: Tenant, maker: Actor, checker: Actor, fault: str
) -> None:
    run = revaluation(draft_revaluation(as_of=TUESDAY, actor=maker))
    approve(run, checker)
    post_revaluation(revaluation_id=run.id, actor=maker)
    execute("SET CONSTRAINTS ALL IMMEDIATE")
    execute("SET LOCAL session_replication_role = replica")  # no trigger fires
    assert execute(fault) == 1
    execute("SET LOCAL session_replication_role = origin")
    found = {one.check for one in books_violations()}
    assert found == {"ledger.fx_revaluations_are_taken_back"}
