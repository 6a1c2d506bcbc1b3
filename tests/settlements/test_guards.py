"""The database refuses on its own what the code refuses: every guard is tested from behind."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from django.db import DatabaseError, connection, models, transaction

from apps.platform import clock
from apps.platform.actors import Actor
from apps.platform.ids import new_id
from apps.settlements.domain import (
    BATCH_TRANSITIONS,
    BREAK_TRANSITIONS,
    DISBURSEMENT_TRANSITIONS,
    allowed_pairs,
)
from apps.settlements.models import (
    Approval,
    Batch,
    Beneficiary,
    BeneficiaryDecision,
    Break,
    ExpectedItem,
    MatchGroup,
    MatchLeg,
    StateEvent,
    Statement,
    StatementFile,
    StatementLine,
)
from apps.settlements.services import submit_batch
from tests.settlements.world import (
    Line,
    decide,
    draft,
    import_csv,
    line_of,
    owe,
    person,
    released,
    submitted,
)

pytestmark = pytest.mark.usefixtures("books")
TABLES: list[tuple[str, Any]] = [
    ("settlements_batch", BATCH_TRANSITIONS),
    ("settlements_disbursement", DISBURSEMENT_TRANSITIONS),
    ("settlements_break", BREAK_TRANSITIONS),
]


def refused(state: str, work: Callable[[], object]) -> None:
    with pytest.raises(DatabaseError) as caught, transaction.atomic():
        work()
    assert getattr(caught.value.__cause__, "sqlstate", "") == state, caught.value


@pytest.mark.parametrize(("table", "moves"), TABLES)
def test_the_database_holds_the_domain_s_tables_of_moves(table: str, moves: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT tgargs FROM pg_trigger WHERE tgname = %s AND tgrelid = %s::regclass",
            [f"{table}_transition", table],
        )
        (arguments,) = cursor.fetchone()
    assert bytes(arguments).rstrip(b"\0").decode() == allowed_pairs(moves)


@pytest.mark.parametrize(("table", "moves"), TABLES)
def test_every_other_move_is_refused(table: str, moves: Any) -> None:
    """The guard itself, on a table of nothing but states: no other rule can be what refuses."""
    states = [str(state) for state in moves]
    with connection.cursor() as cursor:
        cursor.execute("CREATE TEMPORARY TABLE probe (state text) ON COMMIT DROP")
        cursor.execute(
            "CREATE TRIGGER probe BEFORE UPDATE ON probe FOR EACH ROW EXECUTE FUNCTION"
            f" settlements_check_transition_v1('{allowed_pairs(moves)}')"
        )
    for before, after in itertools.permutations(states, 2):

        def move(before: str = before, after: str = after) -> None:
            with connection.cursor() as cursor:
                cursor.execute("TRUNCATE probe")
                cursor.execute("INSERT INTO probe VALUES (%s)", [before])
                cursor.execute("UPDATE probe SET state = %s", [after])

        if after in moves[before]:
            move()
        else:
            refused("SE001", move)


def test_nothing_begins_in_the_middle(amina: Actor) -> None:
    batch = draft(amina)
    facts = {f.attname: getattr(batch, f.attname) for f in Batch._meta.concrete_fields}
    facts |= {"id": new_id(), "reference": "BAT-X", "state": "approved", "digest": "d" * 64}
    refused("SE001", lambda: Batch.objects.create(**facts))
    line = line_of(batch, "R1")
    facts = {f.attname: getattr(line, f.attname) for f in line._meta.concrete_fields}
    facts |= {"id": new_id(), "reference": "DSB-X", "state": "reserved"}
    refused("SE001", lambda: type(line).objects.create(**facts))


def test_evidence_is_never_rewritten(amina: Actor, brian: Actor) -> None:
    batch = submitted(amina)
    decide(batch, brian)
    import_csv([Line("Z1", "10.00")])
    group = MatchGroup.objects.create(
        rule="t", rule_version=1, matched_by="t", matched_at=clock.now()
    )
    MatchLeg.objects.create(group=group, line=StatementLine.objects.get(), allocated_minor=1)
    changes: list[tuple[type[models.Model], dict[str, Any]]] = [
        (Approval, {"comment": "x"}),
        (Beneficiary, {"phone": "254700000000"}),
        (BeneficiaryDecision, {"comment": "x"}),
        (StateEvent, {"reason": "x"}),
        (Statement, {"closing_minor": 1}),
        (StatementFile, {"name": "x"}),
        (StatementLine, {"amount_minor": 1}),
        (MatchLeg, {"allocated_minor": 2}),
    ]
    for model, change in changes:
        rows: Any = model.objects  # type: ignore[attr-defined]
        refused("SE002", partial(rows.update, **change))
        refused("SE002", partial(rows.all()._raw_delete, "default"))
    refused(
        "SE002", lambda: Batch.objects.filter(id=draft_of_nothing(amina))._raw_delete("default")
    )


def draft_of_nothing(actor: Actor) -> Any:
    owe("R9", 100)
    return draft(actor).id


def test_what_was_sealed_stays(amina: Actor, brian: Actor) -> None:
    batch = submitted(amina)
    line = line_of(batch, "R1")
    rows = batch.disbursements
    refused("SE003", lambda: rows.filter(id=line.id).update(amount_minor=1))
    refused("SE003", lambda: rows.filter(id=line.id).update(payee=line_of(batch, "R2").payee))
    refused("SE003", lambda: rows.filter(id=line.id)._raw_delete("default"))
    facts = {f.attname: getattr(line, f.attname) for f in line._meta.concrete_fields}
    facts |= {"id": new_id(), "reference": "DSB-X", "state": "draft"}
    refused("SE003", lambda: type(line).objects.create(**facts))
    changes: tuple[dict[str, Any], ...] = (
        {"digest": "0" * 64},
        {"total_minor": 1},
        {"round": 2},
        {"approvals_needed": 0},
        {"maker_person": "brian"},
        {"editors": []},
    )
    for change in changes:
        refused("SE003", partial(Batch.objects.filter(id=batch.id).update, **change))
    refused("SE003", lambda: Batch.objects.filter(id=batch.id).update(maker_id=brian.id))


def forged(batch: Batch, **about: Any) -> Callable[[], object]:
    facts = {
        "batch": batch,
        "round": batch.round,
        "decision": "approve",
        "person": "brian",
        "user_id": new_id(),
        "user_name": "brian",
        "digest": batch.digest,
        "step_up_at": clock.now(),
        "decided_at": clock.now(),
    }
    return lambda: Approval.objects.create(**facts | about)


def test_four_eyes_are_held_by_the_database(amina: Actor, brian: Actor) -> None:
    batch = submitted(amina)
    now = clock.now()
    for about in (
        {"person": "amina"},
        {"round": 0},
        {"digest": "0" * 64},
        {"step_up_at": now - timedelta(minutes=6)},
        {"step_up_at": now + timedelta(minutes=1)},
    ):
        refused("SE004", forged(batch, **about))
    refused("23514", forged(batch, step_up_at=None))
    refused("23514", forged(batch, decision="reject", step_up_at=None))
    forged(batch)()
    refused("23505", forged(batch))
    decide(batch, person("grace"))
    refused("SE004", forged(batch, person="late"))


def test_an_editor_is_refused_by_the_database(amina: Actor) -> None:
    batch = draft(amina)
    Batch.objects.filter(id=batch.id).update(editors=["amina", "brian"])
    submit_batch(batch_id=batch.id, actor=amina)
    batch.refresh_from_db()
    refused("SE004", forged(batch))


def test_no_more_is_allocated_than_there_is() -> None:
    import_csv([Line("Z1", "10.00")])
    line = StatementLine.objects.get()
    item = ExpectedItem.objects.create(
        provider_account="a",
        kind="payin",
        direction="in",
        amount_minor=500,
        currency="KES",
        provider_reference="Q",
        source="test",
        expected_at=clock.now(),
    )
    group = MatchGroup.objects.create(
        rule="t", rule_version=1, matched_by="t", matched_at=clock.now()
    )
    MatchLeg.objects.create(group=group, line=line, allocated_minor=600)
    refused("SE005", lambda: MatchLeg.objects.create(group=group, line=line, allocated_minor=401))
    MatchLeg.objects.create(group=group, line=line, allocated_minor=400)
    refused("SE005", lambda: MatchLeg.objects.create(group=group, item=item, allocated_minor=501))


def test_nothing_is_approved_or_reserved_without_its_approvals(amina: Actor, brian: Actor) -> None:
    batch = submitted(amina)
    row = Batch.objects.filter(id=batch.id)
    refused("SE006", lambda: row.update(state="approved"))
    batch.disbursements.update(state="approved")
    refused("SE006", lambda: batch.disbursements.update(state="reserved"))


def test_a_break_is_not_resolved_without_words(amina: Actor, brian: Actor) -> None:
    import_csv([Line("Z1", "10.00")])
    refused("23514", lambda: Break.objects.update(state="resolved"))
    assert released(amina, brian).state == "released"
