"""The calendar: what closed periods refuse, and for whom they open again."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db import DatabaseError, connection, transaction

from apps.identity.people import actor_of
from apps.ledger import errors
from apps.ledger.domain import credit, debit
from apps.ledger.domain.periods import Late, PeriodLength, PeriodState
from apps.ledger.models import JournalEntry, Period, PeriodBalance, PeriodRequest
from apps.ledger.selectors import account_balance, books_violations, journal_entry
from apps.ledger.selectors.periods import closed_through, frozen_balances, period, periods
from apps.ledger.services import (
    carry_year_result,
    close_period,
    decide_period_request,
    end_period_request,
    open_account,
    open_fiscal_year,
    post_entry,
    request_exception,
    request_reopening,
    take_back_year_result,
)
from apps.platform import clock
from apps.platform.actors import SYSTEM, Actor
from apps.platform.errors import DomainError
from apps.platform.ids import new_id
from apps.tenancy.models import Tenant
from tests.identity.people import make_person
from tests.ledger.conftest import draft, image, kes

SOFT, HARD = PeriodState.SOFT_CLOSED, PeriodState.HARD_CLOSED


def person(name: str) -> Actor:
    return actor_of(make_person(name, "treasurer"))


@pytest.fixture
def year(books: Tenant) -> UUID:
    return open_fiscal_year(starts=date(2026, 1, 1), actor=SYSTEM)


def month(number: int) -> Period:
    return Period.objects.get(starts=date(2026, number, 1))


def close(number: int, state: PeriodState = SOFT) -> None:
    for earlier in range(1, number + 1):
        row = month(earlier)
        if row.state != HARD and not (row.state == SOFT and state == SOFT):
            close_period(
                period_id=row.id,
                to_state=state,
                accepted=["nothing_is_asked", "all_is_sealed"],
                step_up_at=clock.now(),
                actor=SYSTEM,
            )


def post(
    day: date, kind: str = "test.sale", *, actor: Actor = SYSTEM, late: Late = Late.RULE
) -> UUID:
    made = draft(
        debit("9100", kes(5)), credit("9900", kes(5)), value_date=day, kind=kind, late=late
    )
    return post_entry(draft=made, idempotency_key=str(new_id()), actor=actor).entry_id


def by_hand(query: str, *arguments: Any) -> str:
    """The SQLSTATE with which the database refuses it, or an empty text."""
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(query, arguments)
    except DatabaseError as error:
        return str(getattr(error.__cause__, "sqlstate", ""))
    return ""


def test_a_year_has_twelve_months_and_follows_the_one_before(year: UUID) -> None:
    rows = periods()
    assert [rows[0].name, rows[-1].name, len(rows)] == ["2026-12", "2026-01", 12]
    assert rows[-2].ends == date(2026, 2, 28)
    assert open_fiscal_year(starts=date(2026, 1, 1), actor=SYSTEM) == year
    for wrong in (date(2026, 6, 1), date(2028, 1, 1), date(2027, 1, 2)):
        with pytest.raises(errors.FiscalYearOverlaps):
            open_fiscal_year(starts=wrong, actor=SYSTEM)
    open_fiscal_year(starts=date(2027, 1, 1), actor=SYSTEM)
    open_fiscal_year(starts=date(2025, 1, 1), actor=SYSTEM)
    assert len(periods()) == 36


@pytest.mark.parametrize(
    ("day", "kind", "refusal"),
    [
        (date(2026, 2, 28), "test.sale", errors.PeriodSoftClosed),
        (date(2026, 2, 1), "test.sale", errors.PeriodSoftClosed),
        (date(2026, 2, 1), "manual.adjustment", None),
        (date(2026, 3, 1), "test.sale", None),
        (date(2026, 1, 31), "test.sale", errors.PeriodHardClosed),
        (date(2026, 1, 31), "manual.adjustment", errors.PeriodHardClosed),
        (date(2020, 1, 1), "manual.adjustment", errors.PeriodHardClosed),
    ],
)
def test_what_a_closed_period_takes(
    year: UUID, day: date, kind: str, refusal: type[DomainError] | None
) -> None:
    close(1, HARD)
    close(2)
    before = image()
    if refusal is None:
        assert journal_entry(post(day, kind)).value_date == day
        return
    with pytest.raises(refusal) as found:
        post(day, kind)
    assert found.value.facts["first_open"] == "2026-03-01"
    assert found.value.facts["entry_kind"] == kind
    assert image() == before
    assert closed_through() == date(2026, 2, 28)


def test_a_replay_is_answered_after_its_period_closed(year: UUID) -> None:
    made = draft(debit("9100", kes(5)), credit("9900", kes(5)), value_date=date(2026, 1, 5))
    first = post_entry(draft=made, idempotency_key="k", actor=SYSTEM)
    close(1, HARD)
    again = post_entry(draft=made, idempotency_key="k", actor=SYSTEM)
    assert (again.is_replay, again.entry_id) == (True, first.entry_id)


@pytest.mark.parametrize(
    ("kind", "late", "goes_on"),
    [
        ("payments.capture", Late.RULE, True),
        ("payments.capture", Late.REFUSE, False),
        ("test.sale", Late.RULE, False),
        ("test.sale", Late.NEXT_OPEN, True),
    ],
)
def test_a_late_entry_goes_on_to_the_first_open_day_or_is_refused(
    year: UUID, kind: str, late: Late, goes_on: bool
) -> None:
    close(2)
    day = date(2026, 1, 9)
    if not goes_on:
        with pytest.raises(errors.PeriodSoftClosed):
            post(day, kind, late=late)
        return
    entry = journal_entry(post(day, kind, late=late))
    assert (entry.value_date, entry.reason) == (date(2026, 3, 1), "late")
    assert entry.metadata["late"] == {"value_date": "2026-01-09"}
    assert entry.effective_at is not None
    assert entry.effective_at.date() == day
    assert books_violations() == []


def test_a_late_entry_asked_again_is_a_replay_whatever_closed_since(year: UUID) -> None:
    made = draft(
        debit("9100", kes(5)),
        credit("9900", kes(5)),
        value_date=date(2026, 1, 5),
        kind="payments.capture",
    )
    first = post_entry(draft=made, idempotency_key="k", actor=SYSTEM)
    close(2)
    again = post_entry(draft=made, idempotency_key="k", actor=SYSTEM)
    assert (again.is_replay, again.entry_id) == (True, first.entry_id)
    assert again.value_date == date(2026, 1, 5)


def test_closing_keeps_the_order_and_says_what_blocks(year: UUID) -> None:
    with pytest.raises(errors.ControlsFailed) as found:
        close_period(period_id=month(2).id, to_state=SOFT, actor=SYSTEM)
    assert found.value.controls == ["earlier_periods"]
    with (
        clock.reading(lambda: datetime(2026, 1, 31, 20, tzinfo=UTC)),
        pytest.raises(errors.ControlsFailed) as early,
    ):
        close_period(period_id=month(1).id, to_state=SOFT, actor=SYSTEM)
    assert early.value.controls == ["ended"]
    with pytest.raises(DomainError, match="second-factor"):
        close_period(period_id=month(1).id, to_state=HARD, actor=SYSTEM)
    close(1, HARD)
    with pytest.raises(errors.PeriodCannotMove):
        close_period(period_id=month(1).id, to_state=SOFT, actor=SYSTEM)
    assert (
        close_period(period_id=month(1).id, to_state=HARD, step_up_at=clock.now(), actor=SYSTEM)
        == []
    )


def test_what_a_closing_froze_never_changes(year: UUID) -> None:
    post(date(2026, 1, 3))
    post(date(2026, 2, 3))
    close(1, HARD)
    closing = period(month(1).id).closings[-1]
    assert {row.account: row.credits for row in frozen_balances(closing.id)} == {
        "9100": kes(0),
        "9900": kes(5),
    }
    left = [one["control"] for one in closing.checklist if not one["passed"]]
    assert left == ["all_is_sealed"]
    assert books_violations() == []
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        PeriodBalance.objects.filter(credits_minor=5).update(credits_minor=6)
        cursor.execute("SET LOCAL session_replication_role = origin")
    assert [one.check for one in books_violations()] == ["ledger.closed_periods_are_frozen"]


def test_an_exception_takes_two_people_and_ends(year: UUID) -> None:
    maker, approver, clerk = person("achieng"), person("brian2"), person("clerk")
    close(1)
    ends = clock.now() + timedelta(days=2)
    asked = request_exception(
        period_id=month(1).id,
        reason="A forgotten invoice",
        expires_at=ends,
        kinds=["test.*"],
        user_ids=[clerk.id],  # type: ignore[list-item]  # a person has one
        actor=maker,
    )
    day = date(2026, 1, 9)

    def decide(who: Actor, step_up_at: datetime | None) -> None:
        decide_period_request(
            request_id=asked, approve=True, comment="", step_up_at=step_up_at, actor=who
        )

    with pytest.raises(errors.FourEyes):
        decide(maker, clock.now())
    with pytest.raises(DomainError, match="second-factor"):
        decide(approver, clock.now() - timedelta(minutes=6))
    with pytest.raises(errors.PeriodSoftClosed):
        post(day, actor=clerk)
    decide(approver, clock.now())
    post(day, actor=clerk)
    for other, kind in ((maker, "test.sale"), (clerk, "other")):
        with pytest.raises(errors.PeriodSoftClosed):
            post(day, kind, actor=other)
    with (
        clock.reading(lambda: ends + timedelta(seconds=1)),
        pytest.raises(errors.PeriodSoftClosed),
    ):
        post(day, actor=clerk)
    end_period_request(request_id=asked, actor=maker)
    with pytest.raises(errors.PeriodSoftClosed):
        post(day, actor=clerk)
    with pytest.raises(errors.ExpiryNotAhead):
        request_exception(period_id=month(1).id, reason="x", expires_at=clock.now(), actor=maker)


def test_reopening_takes_two_people_and_the_last_closed_first(year: UUID) -> None:
    maker, approver = person("achieng"), person("brian2")
    close(2)

    def reopen(number: int) -> None:
        asked = request_reopening(period_id=month(number).id, reason="An error", actor=maker)
        assert asked == request_reopening(
            period_id=month(number).id, reason="An error", actor=maker
        )
        decide_period_request(
            request_id=asked, approve=True, comment="", step_up_at=clock.now(), actor=approver
        )

    with pytest.raises(errors.PeriodCannotMove):
        reopen(1)
    reopen(2)
    post(date(2026, 2, 1))
    with pytest.raises(errors.PeriodSoftClosed):
        post(date(2026, 1, 31))
    close(2)
    assert [closing.number for closing in period(month(2).id).closings] == [1, 2]
    close(2, HARD)
    with pytest.raises(errors.PeriodCannotMove):
        request_reopening(period_id=month(2).id, reason="x", actor=maker)


def test_the_database_refuses_what_goes_around_the_code(year: UUID) -> None:
    maker = person("achieng")
    close(2)
    march, february, january = month(3).id, month(2).id, month(1).id
    asked = request_reopening(period_id=february, reason="x", actor=maker)
    approve = (
        "UPDATE ledger_period_request SET state = 'approved', decider_person = %s,"
        " decided_at = now(), step_up_at = now() - %s::interval WHERE id = %s"
    )
    move = "UPDATE ledger_period SET {} WHERE id = %s"
    doubled = (
        "INSERT INTO ledger_period (tenant, id, year_id, name, starts, ends, state, soft_kinds,"
        " closings) SELECT tenant, gen_random_uuid(), year_id, 'x', starts, ends, 'open', '{}', 0"
        " FROM ledger_period WHERE id = %s"
    )
    cases: list[tuple[Any, ...]] = [
        ("LG042", move.format("state = 'open'"), february),
        ("LG042", move.format("state = 'hard_closed', closings = 2"), february),
        ("LG042", move.format("ends = ends - 1"), january),
        ("LG042", move.format("state = 'soft_closed'"), march),
        ("LG002", "DELETE FROM ledger_period WHERE id = %s", march),
        ("LG002", "UPDATE ledger_period_closing SET note = 'x'"),
        ("LG002", "DELETE FROM ledger_period_balance"),
        ("LG043", approve, "achieng", "0", asked),
        ("LG043", approve, "brian", "6 minutes", asked),
        ("LG043", "UPDATE ledger_period_request SET reason = 'y'"),
        ("23P01", doubled, march),
    ]
    for expected, query, *arguments in cases:
        assert by_hand(query, *arguments) == expected, query
    assert PeriodRequest.objects.get(id=asked).state == "requested"


def test_a_pattern_names_a_kind_a_family_or_all(books: Tenant) -> None:
    cases = [
        ("a.b", ["a.*"], True),
        ("a", ["a.*"], False),
        ("ab.c", ["a.*"], False),
        ("a.b", ["a.b"], True),
        ("a.b", ["*"], True),
        ("a%b", ["a_b"], False),
        ("a.b", [], False),
    ]
    for kind, patterns, is_named in cases:
        with connection.cursor() as cursor:
            cursor.execute("SELECT ledger_kind_matches_v1(%s, %s)", [kind, patterns])
            assert cursor.fetchone()[0] is is_named, (kind, patterns)


def earn_and_spend() -> None:
    for code, account_class in (("3900", "equity"), ("5000", "expense")):
        open_account(
            code=code, name=code, account_class=account_class, currency="KES", actor=SYSTEM
        )
    post(date(2026, 5, 1))
    cost = draft(debit("5000", kes(2)), credit("9100", kes(2)), value_date=date(2026, 6, 1))
    post_entry(draft=cost, idempotency_key="cost", actor=SYSTEM)


def close_last(state: PeriodState = SOFT) -> None:
    for row in Period.objects.order_by("starts"):
        if row.state not in (state, HARD):
            close_period(
                period_id=row.id,
                to_state=state,
                accepted=["all_is_sealed"],
                step_up_at=clock.now(),
                actor=SYSTEM,
            )


def test_a_years_result_is_carried_once_and_taken_back(books: Tenant) -> None:
    year = open_fiscal_year(starts=date(2026, 1, 1), length=PeriodLength.QUARTER, actor=SYSTEM)
    earn_and_spend()
    with pytest.raises(errors.YearNotReady):
        carry_year_result(year_id=year, actor=SYSTEM)
    with clock.reading(lambda: datetime(2027, 2, 1, tzinfo=UTC)):
        close_last()
        with pytest.raises(errors.RetainedEarningsMissing):
            carry_year_result(year_id=year, actor=SYSTEM)
        with pytest.raises(errors.RetainedEarningsMissing):
            carry_year_result(year_id=year, retained_earnings={"KES": "9900"}, actor=SYSTEM)
        carry = {"KES": "3900"}
        [receipt] = carry_year_result(year_id=year, retained_earnings=carry, actor=SYSTEM)
        entry = journal_entry(receipt.entry_id)
        assert (entry.kind, entry.value_date) == ("close", date(2026, 12, 31))
        assert account_balance("3900").balance == kes(3)
        assert {account_balance(code).balance for code in ("9900", "5000")} == {kes(0)}
        assert carry_year_result(year_id=year, actor=SYSTEM) == []
        assert len(take_back_year_result(year_id=year, reason="Too early", actor=SYSTEM)) == 1
        assert take_back_year_result(year_id=year, reason="Too early", actor=SYSTEM) == []
        assert account_balance("9900").balance == kes(5)
        with pytest.raises(errors.ControlsFailed) as found:
            close_last(HARD)
        assert "year_is_carried" in found.value.controls
        assert len(carry_year_result(year_id=year, actor=SYSTEM)) == 1
        close_last(HARD)
        with pytest.raises(errors.YearNotReady):
            take_back_year_result(year_id=year, reason="Too late", actor=SYSTEM)
    assert JournalEntry.objects.filter(kind="close").count() == 3
    assert books_violations() == []
