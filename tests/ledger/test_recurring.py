"""Entries posted again and again: their days, their approvals, and what holds them back."""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import islice, pairwise
from uuid import UUID

import pytest
from django.db import DatabaseError, connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from apps.identity.people import actor_of
from apps.ledger import errors
from apps.ledger.domain import EntryDraft, credit, debit
from apps.ledger.domain.recurring import (
    MOVES,
    Frequency,
    RecurringDraft,
    Rhythm,
    ScheduleState,
)
from apps.ledger.errors import recurring as refusals
from apps.ledger.models import JournalEntry
from apps.ledger.selectors import account_balance, books_violations, journal_entry
from apps.ledger.selectors.recurring import occurrences, recurring_entry
from apps.ledger.services import (
    approve_recurring,
    draft_recurring,
    end_recurring,
    open_fiscal_year,
    pause_recurring,
    post_due_recurring,
    post_occurrence,
    resume_recurring,
    save_approval_rule,
)
from apps.ledger.services.posting import Instruction, call_of
from apps.platform import clock
from apps.platform.actors import SYSTEM, Actor
from apps.platform.errors import DomainError
from apps.tenancy.models import Tenant
from tests.identity.people import make_person
from tests.ledger.conftest import image, kes
from tests.ledger.test_manual_journals import by_hand, insert_entry
from tests.ledger.test_periods import close

RENT = RecurringDraft(
    description="Rent",
    rhythm=Rhythm(frequency=Frequency.MONTHLY, starts=date(2026, 1, 31)),
    postings=[debit("9100", kes(700)), credit("9900", kes(700))],
)


@pytest.fixture
def people(books: Tenant) -> dict[str, Actor]:
    return {name: actor_of(make_person(name, "approver")) for name in ("maker", "first", "second")}


def on(day: date) -> AbstractContextManager[None]:
    noon = datetime.combine(day, time(12), tzinfo=UTC)
    return clock.reading(lambda: noon)


def approve(id: UUID, who: Actor, *, digest: str = "", age: int = 0) -> str:
    return approve_recurring(
        recurring_id=id,
        digest=digest or recurring_entry(id).digest,
        step_up_at=clock.now() - timedelta(minutes=age),
        actor=who,
    )


def active(people: dict[str, Actor], draft: RecurringDraft = RENT) -> UUID:
    id = draft_recurring(draft=draft, actor=people["maker"])
    assert approve(id, people["first"]) == "active"
    return id


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ({}, ["2026-01-31", "2026-02-28", "2026-03-31", "2026-04-30"]),
        ({"every": 3}, ["2026-01-31", "2026-04-30", "2026-07-31", "2026-10-31"]),
        ({"every": 12, "starts": date(2024, 2, 29)}, ["2024-02-29", "2025-02-28", "2026-02-28"]),
        (
            {"at_month_end": True, "starts": date(2026, 2, 10)},
            ["2026-02-28", "2026-03-31", "2026-04-30"],
        ),
        ({"frequency": Frequency.WEEKLY, "every": 2}, ["2026-01-31", "2026-02-14", "2026-02-28"]),
        ({"frequency": Frequency.DAILY, "ends": date(2026, 2, 1)}, ["2026-01-31", "2026-02-01"]),
    ],
)
def test_the_days_of_a_rhythm(facts: dict[str, object], expected: list[str]) -> None:
    rhythm = replace(RENT.rhythm, **facts)  # type: ignore[arg-type]
    assert [str(day) for day in islice(rhythm.days(0), 4)][: len(expected)] == expected


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    starts=st.dates(date(2000, 1, 1), date(2060, 1, 1)),
    every=st.integers(1, 120),
    number=st.integers(0, 60),
    frequency=st.sampled_from(Frequency),
    wants_end=st.booleans(),
)
def test_the_database_counts_the_same_days(
    books: Tenant, starts: date, every: int, number: int, frequency: Frequency, wants_end: bool
) -> None:
    at_end = wants_end and frequency is Frequency.MONTHLY
    rhythm = Rhythm(frequency=frequency, starts=starts, every=every, at_month_end=at_end)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT ledger_recurring_day_v1(%s, %s, %s, %s, n)"
            " FROM generate_series(%s::int, %s::int) n",
            [starts, frequency, every, at_end, number, number + 2],
        )
        found = [day for (day,) in cursor.fetchall()]
    assert found == list(islice(rhythm.days(number), 3))
    assert all(one < other for one, other in pairwise(found))


def test_missed_days_are_posted_in_order_and_once(people: dict[str, Actor]) -> None:
    id = draft_recurring(draft=RENT, actor=people["maker"])
    with on(date(2026, 3, 31)):
        assert post_due_recurring(actor=SYSTEM) == 0  # nobody has let it in
        assert approve(id, people["first"]) == "active"
        assert recurring_entry(id).due == 3
        assert post_due_recurring(actor=SYSTEM) == 3
        assert post_due_recurring(actor=SYSTEM) == 0
        assert post_occurrence(recurring_id=id, actor=SYSTEM) is None
    days = occurrences(id)
    assert [str(one.day) for one in days] == ["2026-03-31", "2026-02-28", "2026-01-31"]
    entry = journal_entry(days[0].entry_id)
    assert (entry.kind, entry.value_date, entry.approval_id) == ("recurring", date(2026, 3, 31), id)
    evidence = entry.metadata["approval"]
    assert isinstance(evidence, dict)
    assert [one["person"] for one in evidence["approved"]] == ["first"]
    key = JournalEntry.objects.get(id=entry.id).idempotency_key
    assert key == f"recurring:{evidence['recurring']}:2026-03-31"
    assert account_balance("9100").balance == kes(2_100)
    connection.check_constraints()
    assert books_violations() == []


def test_it_pauses_resumes_and_ends(people: dict[str, Actor]) -> None:
    id = active(people, replace(RENT, rhythm=replace(RENT.rhythm, ends=date(2026, 3, 31))))
    pause_recurring(recurring_id=id, reason="Moving house", actor=people["second"])
    with on(date(2026, 2, 28)):
        assert post_due_recurring(actor=SYSTEM) == 0
        resume_recurring(recurring_id=id, actor=people["second"])
        assert post_due_recurring(actor=SYSTEM) == 2
    with on(date(2026, 12, 1)):
        assert post_due_recurring(actor=SYSTEM) == 1
    row = recurring_entry(id)
    assert (row.state, row.done, row.next_days) == ("ended", 3, ())
    with pytest.raises(refusals.RecurringCannotMove):
        resume_recurring(recurring_id=id, actor=people["second"])
    other = draft_recurring(draft=RENT, actor=people["maker"])
    with pytest.raises(refusals.RecurringCannotMove):
        resume_recurring(recurring_id=other, actor=people["second"])
    end_recurring(recurring_id=other, reason="Not ours", actor=people["maker"])
    end_recurring(recurring_id=other, reason="Not ours", actor=people["maker"])
    with pytest.raises(refusals.RecurringCannotMove):
        approve(other, people["first"])


def test_a_closed_period_holds_its_day_back_and_says_why(
    people: dict[str, Actor],
) -> None:
    open_fiscal_year(starts=date(2026, 1, 1), actor=SYSTEM)
    close(1)
    id = active(people)
    free = active(people, replace(RENT, rhythm=replace(RENT.rhythm, starts=date(2026, 2, 1))))
    with on(date(2026, 2, 28)):
        assert post_due_recurring(actor=SYSTEM) == 1  # the other one's
        row = recurring_entry(id)
        assert (row.done, row.due, row.next_days[0]) == (0, 2, date(2026, 1, 31))
        assert "period" in row.refusal.lower()
        assert recurring_entry(free).done == 1
        assert post_due_recurring(actor=SYSTEM) == 0


def test_who_may_let_it_in(people: dict[str, Actor]) -> None:
    save_approval_rule(name="Two", approvals=2, kinds=["manual.recurring"], actor=SYSTEM)
    id = draft_recurring(draft=RENT, actor=people["maker"])
    before = image()
    cases: list[tuple[str, type[DomainError], str, str, int]] = [
        ("maker", refusals.RecurringSelfApproval, "", "", 0),
        ("other text", refusals.RecurringChanged, "first", "0" * 64, 0),
    ]
    for _, refusal, who, digest, age in cases:
        with pytest.raises(refusal):
            approve(id, people[who or "maker"], digest=digest, age=age)
    with pytest.raises(DomainError, match="second-factor"):
        approve(id, people["first"], age=6)
    assert image() == before
    assert [approve(id, people["first"]) for _ in range(2)] == ["draft", "draft"]
    assert approve(id, people["second"]) == "active"


@pytest.mark.parametrize(
    ("changed", "refusal"),
    [
        ({"postings": [debit("9100", kes(1)), credit("9900", kes(2))]}, errors.UnbalancedEntry),
        ({"postings": [debit("nowhere", kes(1)), credit("9900", kes(1))]}, errors.UnknownAccount),
        ({"rhythm": replace(RENT.rhythm, every=0)}, refusals.RecurringUnsound),
        ({"rhythm": replace(RENT.rhythm, every=121)}, refusals.RecurringUnsound),
        ({"rhythm": replace(RENT.rhythm, starts=date(2999, 1, 1))}, refusals.RecurringUnsound),
        ({"rhythm": replace(RENT.rhythm, ends=date(2026, 1, 30))}, refusals.RecurringUnsound),
        (
            {"rhythm": replace(RENT.rhythm, frequency=Frequency.DAILY, at_month_end=True)},
            refusals.RecurringUnsound,
        ),
    ],
)
def test_what_could_never_be_posted_is_refused(
    people: dict[str, Actor], changed: dict[str, object], refusal: type[DomainError]
) -> None:
    before = image()
    with pytest.raises(refusal):
        draft_recurring(draft=replace(RENT, **changed), actor=people["maker"])  # type: ignore[arg-type]
    assert image() == before


def test_the_database_refuses_what_goes_around_the_code(people: dict[str, Actor]) -> None:
    id = draft_recurring(draft=RENT, actor=people["maker"])
    digest = recurring_entry(id).digest
    approval = (
        "INSERT INTO ledger_recurring_approval (tenant, id, recurring_id, person, user_id,"
        " user_name, digest, step_up_at, decided_at) SELECT tenant, gen_random_uuid(), id, %s,"
        " gen_random_uuid(), 'x', %s, now() - %s::interval, now() FROM ledger_recurring"
        " WHERE id = %s"
    )
    day = (
        "INSERT INTO ledger_recurring_occurrence (tenant, id, recurring_id, number, day, entry_id,"
        " posted_at) SELECT tenant, gen_random_uuid(), id, %s::int, %s::date, gen_random_uuid(),"
        " %s::timestamptz FROM ledger_recurring WHERE id = %s"
    )
    move = "UPDATE ledger_recurring SET {} WHERE id = %s"
    cases: list[tuple[str, *tuple[str | UUID, ...]]] = [
        (approval, "maker", digest, "0", id),
        (approval, "first", "y", "0", id),
        (approval, "first", digest, "6 minutes", id),
        (approval, "first", digest, "-1 minute", id),
        (move.format("state = 'active'"), id),
        (move.format("state = 'paused'"), id),
        (move.format("state = 'ended'"), id),  # and still has a next day
        (move.format("lines = '[]'"), id),
        (move.format("maker_person = 'x'"), id),
        (move.format("next_date = next_date + 1"), id),
        (move.format("done = 1, next_date = '2026-02-28'"), id),
        (day, "0", "2026-01-31", "2026-02-01", id),  # nobody has let it in
    ]
    for query, *arguments in cases:
        assert by_hand(query, *arguments) == "LG120", (query, arguments)
    with pytest.raises(DatabaseError, match="no approved"), transaction.atomic():
        insert_entry(around(id), "draft")
    approve(id, people["first"])
    due = [("1", "2026-02-28", "2026-03-01"), ("0", "2026-01-30", "2026-02-01"),
           ("0", "2026-01-31", "2026-01-30 09:59Z")]  # fmt: skip
    for about in due:
        assert by_hand(day, *about, id) == "LG120", about
    assert by_hand(move.format("done = 1, next_date = '2026-02-28'"), id) == "LG120"
    assert by_hand(approval, "second", digest, "0", id) == "LG120"
    with pytest.raises(DatabaseError, match="no approved"), transaction.atomic():
        insert_entry(around(id), "active")


@pytest.mark.parametrize(
    "forgery",
    [
        {"approval_id": UUID(int=7)},
        {"description": "Rent, and a little more"},
        {"value_date": date(2026, 1, 30)},
        {"postings": [debit("9100", kes(9)), credit("9900", kes(9))]},
        {"postings": [debit("9100", kes(700), "k"), credit("9900", kes(700))]},
    ],
)
def test_an_entry_says_what_was_approved(
    people: dict[str, Actor], forgery: dict[str, object]
) -> None:
    """An occurrence that vouches for another entry than the approved one does not help."""
    id = active(people)
    sound = around(id)
    for number, entry in enumerate([sound, replace(sound, **forgery)]):  # type: ignore[arg-type]
        point = transaction.savepoint()
        with connection.cursor() as cursor:
            instruction = Instruction(draft=entry, idempotency_key=f"f{number}", fingerprint=b"x")
            cursor.execute(*call_of([instruction], SYSTEM))
            cursor.execute(VOUCH, [id])
        if entry is sound:
            connection.check_constraints()  # nothing but what is forged below is refused
            transaction.savepoint_rollback(point)
            continue
        with pytest.raises(DatabaseError, match="no approved"), transaction.atomic():
            connection.check_constraints()
        transaction.savepoint_rollback(point)


def test_days_come_one_after_the_other(people: dict[str, Actor]) -> None:
    id = active(people)
    with on(date(2026, 1, 31)):
        assert post_due_recurring(actor=SYSTEM) == 1
    move = "UPDATE ledger_recurring SET done = {}, next_date = %s WHERE id = %s"
    assert by_hand(move.format(0), "2026-01-31", id) == "LG120"
    assert by_hand(move.format(3), "2026-04-30", id) == "LG120"


#: Any entry made the next day of a schedule, as the program does with its own.
VOUCH = """
    INSERT INTO ledger_recurring_occurrence (tenant, id, recurring_id, number, day, entry_id,
        posted_at)
    SELECT r.tenant, gen_random_uuid(), r.id, r.done, r.next_date, e.id, now()
      FROM ledger_recurring r, ledger_journal_entry e
     WHERE r.id = %s AND e.kind = 'recurring' AND e.id NOT IN (
           SELECT entry_id FROM ledger_recurring_occurrence)
"""


def around(id: UUID) -> EntryDraft:
    return RENT.entry(date(2026, 1, 31), approval_id=id, evidence={})


def test_rules_that_became_stricter_are_asked_by_the_database(people: dict[str, Actor]) -> None:
    id = draft_recurring(draft=RENT, actor=people["maker"])
    save_approval_rule(name="Two", approvals=2, actor=SYSTEM)
    assert approve(id, people["first"]) == "draft"
    assert by_hand("UPDATE ledger_recurring SET state = 'active' WHERE id = %s", id) == "LG120"
    assert approve(id, people["second"]) == "active"


def test_the_database_knows_the_same_moves(books: Tenant) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT prosrc FROM pg_proc WHERE oid = 'ledger_check_recurring_v1()'::regprocedure"
        )
        source = cursor.fetchone()[0]
    moves = {f"{one}>{to}" for one, after in MOVES.items() for to in after}
    every = {f"{one}>{to}" for one in ScheduleState for to in ScheduleState}
    assert {move for move in every if f"'{move}'" in source} == moves
