"""Entries written by hand, and the other people who let them into the books."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from uuid import UUID

import pytest
from django.db import DatabaseError, connection, transaction

from apps.identity.people import actor_of
from apps.ledger import errors
from apps.ledger.domain import AccountClass, EntryDraft, credit, debit
from apps.ledger.domain.journals import TRANSITIONS, JournalDraft, JournalState, Verdict
from apps.ledger.models import JournalEntry, ManualJournal
from apps.ledger.selectors import account_balance, books_violations, journal_entry
from apps.ledger.services import (
    change_journal,
    decide_journal,
    draft_journal,
    expire_journals,
    post_entry,
    post_journal,
    reverse_due_journals,
    save_approval_rule,
    submit_journal,
    withdraw_journal,
)
from apps.ledger.services.posting import Instruction, call_of
from apps.platform import clock
from apps.platform.actors import SYSTEM, Actor
from apps.platform.errors import DomainError
from apps.tenancy.models import Tenant
from tests.identity.people import make_person
from tests.ledger.conftest import VALUE_DATE, image, kes

ACCRUAL = JournalDraft(
    kind="manual.accrual",
    description="Rent of March",
    value_date=VALUE_DATE,
    postings=[debit("9100", kes(700)), credit("9900", kes(700))],
    reverses_on=date(2026, 4, 1),
)


@pytest.fixture
def people(books: Tenant) -> dict[str, Actor]:
    roles = {"maker": "treasurer", "first": "approver", "second": "approver", "boss": "treasurer"}
    return {name: actor_of(make_person(name, role)) for name, role in roles.items()}


def submitted(maker: Actor, what: JournalDraft = ACCRUAL) -> tuple[UUID, str]:
    id = draft_journal(draft=what, actor=maker)
    return id, submit_journal(journal_id=id, actor=maker)


def decide(
    id: UUID,
    digest: str,
    who: Actor,
    verdict: Verdict = Verdict.APPROVE,
    *,
    age: timedelta = timedelta(0),
    comment: str = "",
) -> str:
    return decide_journal(
        journal_id=id,
        verdict=verdict,
        digest=digest,
        comment=comment,
        step_up_at=clock.now() - age,
        actor=who,
    )


def state(id: UUID) -> str:
    return ManualJournal.objects.get(id=id).state


def test_a_journal_goes_through_other_hands_into_the_books(people: dict[str, Actor]) -> None:
    id, digest = submitted(people["maker"])
    with pytest.raises(errors.JournalCannotMove):
        post_journal(journal_id=id, actor=people["maker"])
    assert decide(id, digest, people["first"]) == "approved"
    receipt = post_journal(journal_id=id, actor=people["maker"])
    entry = journal_entry(receipt.entry_id)
    assert (entry.kind, entry.approval_id) == ("manual.accrual", id)
    evidence = entry.metadata["approval"]
    assert isinstance(evidence, dict)
    assert (evidence["digest"], evidence["made_by"]) == (digest, "person:maker")
    assert [one["person"] for one in evidence["approved"]] == ["first"]
    assert post_journal(journal_id=id, actor=people["maker"]).entry_id == entry.id
    connection.check_constraints()
    assert books_violations() == []


def test_who_may_decide_and_on_what(people: dict[str, Actor]) -> None:
    id, digest = submitted(people["maker"])
    before = image()
    cases: list[tuple[type[DomainError], str, str, timedelta]] = [
        (errors.JournalSelfApproval, "maker", digest, timedelta(0)),
        (errors.JournalChanged, "first", "0" * 64, timedelta(0)),
    ]
    for refusal, who, seen, age in cases:
        with pytest.raises(refusal):
            decide(id, seen, people[who], age=age)
    with pytest.raises(DomainError, match="second-factor"):
        decide(id, digest, people["first"], age=timedelta(minutes=6))
    with pytest.raises(errors.ReasonMissing):
        decide(id, digest, people["first"], Verdict.REJECT)
    assert image() == before
    assert decide(id, digest, people["first"], Verdict.SEND_BACK, comment="No") == "draft"
    change_journal(
        journal_id=id, draft=replace(ACCRUAL, description="Rent"), actor=people["second"]
    )
    digest = submit_journal(journal_id=id, actor=people["maker"])
    with pytest.raises(errors.JournalSelfApproval):
        decide(id, digest, people["second"])
    assert decide(id, digest, people["first"]) == "approved"


def test_a_change_voids_what_was_approved(people: dict[str, Actor]) -> None:
    id, digest = submitted(people["maker"])
    decide(id, digest, people["first"])
    more = replace(ACCRUAL, postings=[debit("9100", kes(701)), credit("9900", kes(701))])
    change_journal(journal_id=id, draft=more, actor=people["maker"])
    assert state(id) == "draft"
    with pytest.raises(errors.JournalCannotMove):
        post_journal(journal_id=id, actor=people["maker"])
    again = submit_journal(journal_id=id, actor=people["maker"])
    assert again != digest
    with pytest.raises(errors.JournalChanged):
        decide(id, digest, people["first"])
    assert decide(id, again, people["first"]) == "approved"


@pytest.mark.parametrize(
    ("facts", "needed"),
    [
        ({"approvals": 2}, 2),
        ({"approvals": 2, "kinds": ["manual.adjustment"]}, None),
        ({"approvals": 2, "kinds": ["manual.*"]}, 2),
        ({"approvals": 2, "account_classes": [AccountClass.INCOME]}, 2),
        ({"approvals": 2, "account_classes": [AccountClass.EQUITY]}, None),
        ({"approvals": 2, "currency": "KES", "above_minor": 699}, 2),
        ({"approvals": 2, "currency": "KES", "above_minor": 700}, None),
        ({"approvals": 2, "currency": "USD", "above_minor": 1}, None),
        ({"approvals": 0}, 0),
        ({"approvals": 2, "is_active": False}, None),
    ],
)
def test_rules_say_how_many_must_approve(
    people: dict[str, Actor], facts: dict[str, object], needed: int | None
) -> None:
    save_approval_rule(name="Rule", actor=SYSTEM, **facts)  # type: ignore[arg-type]
    id, _ = submitted(people["maker"])
    journal = ManualJournal.objects.get(id=id)
    assert journal.approvals_needed == (1 if needed is None else needed)
    assert journal.state == ("approved" if needed == 0 else "submitted")
    entry = ACCRUAL.entry()
    if needed:
        before = image()
        with pytest.raises(errors.ApprovalRequired) as refusal:
            post_entry(draft=entry, idempotency_key="direct", actor=people["maker"])
        assert refusal.value.facts == {"entry_kind": "manual.accrual", "approvals": needed}
        assert image() == before
    else:
        post_entry(draft=entry, idempotency_key="direct", actor=people["maker"])
    post_entry(
        draft=replace(entry, kind="test.sale"), idempotency_key="house", actor=people["maker"]
    )


def test_two_people_of_the_named_role_approve(people: dict[str, Actor]) -> None:
    save_approval_rule(name="Two", approvals=2, role="approver", actor=SYSTEM)
    id, digest = submitted(people["maker"])
    with pytest.raises(errors.ApproverRoleMissing):
        decide(id, digest, people["boss"])
    assert decide(id, digest, people["first"]) == "submitted"
    with pytest.raises(errors.AlreadyDecided):
        decide(id, digest, people["first"])
    assert decide(id, digest, people["second"]) == "approved"


def test_what_waits_too_long_expires_and_accruals_end_by_themselves(
    people: dict[str, Actor],
) -> None:
    waiting, _ = submitted(people["maker"])
    id, digest = submitted(people["maker"])
    decide(id, digest, people["first"])
    post_journal(journal_id=id, actor=people["maker"])
    assert reverse_due_journals(actor=SYSTEM) == 1
    assert reverse_due_journals(actor=SYSTEM) == 0
    reversal = journal_entry(ManualJournal.objects.get(id=id).reversal_id or id)
    assert (reversal.value_date, reversal.reason) == (date(2026, 4, 1), "accrual")
    assert account_balance("9100").balance == kes(0)
    assert expire_journals(actor=SYSTEM) == 0
    with clock.reading(lambda: datetime.fromisoformat("2030-01-01T00:00:00+00:00")):
        assert expire_journals(actor=SYSTEM) == 1
    assert (state(waiting), state(id)) == ("expired", "posted")
    gone = draft_journal(draft=ACCRUAL, actor=people["maker"])
    withdraw_journal(journal_id=gone, actor=people["maker"])
    with pytest.raises(errors.JournalCannotMove):
        submit_journal(journal_id=gone, actor=people["maker"])


def test_a_journal_is_refused_when_it_could_never_be_posted(people: dict[str, Actor]) -> None:
    lame = [debit("9100", kes(1)), credit("9900", kes(2))]
    cases: list[tuple[type[DomainError], JournalDraft]] = [
        (errors.UnbalancedEntry, replace(ACCRUAL, postings=lame)),
        (errors.NotManual, replace(ACCRUAL, kind="payments.capture")),
        (
            errors.UnknownAccount,
            replace(ACCRUAL, postings=[debit("nowhere", kes(1)), credit("9900", kes(1))]),
        ),
    ]
    for refusal, what in cases:
        with pytest.raises(refusal):
            draft_journal(draft=what, actor=people["maker"])


def by_hand(query: str, *arguments: str | UUID) -> str:
    """The SQLSTATE with which the database refuses it, or an empty text."""
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(query, arguments)
    except DatabaseError as error:
        return str(getattr(error.__cause__, "sqlstate", ""))
    return ""


def insert_entry(made: EntryDraft, key: str) -> None:
    """Past every check of ours, as a forgetful service would."""
    instruction = Instruction(draft=made, idempotency_key=key, fingerprint=b"x")
    with connection.cursor() as cursor:
        cursor.execute(*call_of([instruction], SYSTEM))
    connection.check_constraints()


def test_the_database_refuses_what_goes_around_the_code(people: dict[str, Actor]) -> None:
    save_approval_rule(name="One", approvals=1, actor=SYSTEM)
    id, digest = submitted(people["maker"])
    approval = (
        "INSERT INTO ledger_journal_approval (tenant, id, journal_id, round, verdict, person,"
        " user_id, user_name, digest, comment, step_up_at, decided_at) SELECT tenant,"
        " gen_random_uuid(), id, round, 'approve', %s, gen_random_uuid(), 'x', %s, '',"
        " now() - %s::interval, now() FROM ledger_manual_journal WHERE id = %s"
    )
    move = "UPDATE ledger_manual_journal SET {} WHERE id = %s"
    cases: list[tuple[str, str, *tuple[str | UUID, ...]]] = [
        ("LG071", approval, "maker", digest, "0", id),
        ("LG071", approval, "first", "y", "0", id),
        ("LG071", approval, "first", digest, "6 minutes", id),
        ("LG071", move.format("state = 'approved'"), id),
        ("LG072", move.format("lines = '[]'"), id),
        ("LG072", move.format("approvals_needed = 0"), id),
        ("LG072", move.format("editors = '{}'"), id),
        ("LG072", move.format("state = 'expired', maker_person = 'x'"), id),
        ("LG002", "DELETE FROM ledger_manual_journal WHERE id = %s", id),
    ]
    for expected, query, *arguments in cases:
        assert by_hand(query, *arguments) == expected, query
    decide(id, digest, people["first"])
    assert by_hand("DELETE FROM ledger_journal_approval") == "LG002"
    approved = replace(ACCRUAL.entry(), approval_id=id)
    for number, forged in enumerate(
        [
            ACCRUAL.entry(),
            approved,
            replace(approved, postings=[debit("9100", kes(9)), credit("9900", kes(9))]),
            replace(approved, approval_id=people["boss"].id),
        ]
    ):
        with pytest.raises(DatabaseError, match="approv"), transaction.atomic():
            insert_entry(forged, f"forged{number}")
    post_journal(journal_id=id, actor=people["maker"])
    with pytest.raises(DatabaseError, match="approv"), transaction.atomic():
        insert_entry(approved, "twice")
    assert JournalEntry.objects.filter(kind="manual.accrual").count() == 1


def test_the_database_knows_the_same_moves(books: Tenant) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT prosrc FROM pg_proc WHERE oid = 'ledger_check_journal_move_v1()'::regprocedure"
        )
        source = cursor.fetchone()[0]
    moves = {f"{one}>{to}" for one, after in TRANSITIONS.items() for to in after}
    every = {f"{one}>{to}" for one in JournalState for to in JournalState}
    assert {move for move in every if f"'{move}'" in source} == moves
