"""Posting stops when the books are in doubt, and goes on when a person says so."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.core.management import call_command
from django.db import DatabaseError, connection, transaction

from apps.identity.errors import StepUpRequired
from apps.ledger import errors
from apps.ledger.domain import credit, debit
from apps.ledger.models import PostingBreaker
from apps.ledger.selectors import account_balance, books_violations, posting_stop
from apps.ledger.services import post_entries, post_entry, resume_posting, stop_posting
from apps.platform import clock
from apps.platform.actors import SYSTEM, Actor
from apps.platform.ids import new_id
from apps.platform.models import OutboxMessage
from apps.reporting.selectors.audits import BOOKS_VIOLATIONS
from apps.reporting.services import guard_books
from apps.tenancy.models import Tenant
from tests.ledger.conftest import draft, image, kes
from tests.ledger.test_ledger_api import SALE, Caller


def sale() -> Any:
    return draft(debit("9100", kes(100)), credit("9900", kes(100)))


def figure(check: str) -> float:
    return BOOKS_VIOLATIONS.labels(tenant="mara", check=check)._value.get()


def spoil(sign: int = 1) -> None:
    """A balance is not what was posted."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute(
            "UPDATE ledger_account_balance SET debits_minor = debits_minor + %s"
            "  FROM ledger_account a WHERE a.id = account_id AND a.code = '9100'", [sign],
        )  # fmt: skip
        cursor.execute("SET LOCAL session_replication_role = origin")


BREAKER = "ledger_posting_breaker"
CLOSED = "closed_at = now(), closed_by_id = gen_random_uuid()"
STEP_UP, REASON = "step_up_at = now()", "closing_reason = 'x'"


@pytest.mark.parametrize("mode", ["fast", "full"])
def test_a_failed_audit_stops_posting(books: Tenant, amina: Actor, mode: Any) -> None:
    post_entry(draft=sale(), idempotency_key="k1", actor=amina)
    connection.check_constraints()
    assert guard_books(mode=mode, with_providers=False, actor=SYSTEM).is_clean
    assert posting_stop() is None
    spoil()
    audit = guard_books(mode=mode, with_providers=False, actor=SYSTEM)
    assert "ledger.currencies_sum_to_zero" in {found.check for found in audit.violations}
    stop = posting_stop()
    assert stop is not None
    assert set(stop.checks) == {found.check for found in audit.violations}
    assert figure("ledger.currencies_sum_to_zero") == 1
    assert figure("ledger.limits_hold") == 0

    before = image()
    for attempt in (
        lambda: post_entry(draft=sale(), idempotency_key="k2", actor=amina),
        lambda: post_entries(drafts={"k3": sale(), "k4": sale()}, actor=amina),
    ):
        with pytest.raises(errors.PostingStopped) as refused:
            attempt()
        assert refused.value.reason == stop.reason
    # What is in the books is answered again: nothing is posted.
    assert post_entry(draft=sale(), idempotency_key="k1", actor=amina).is_replay
    assert image() == before
    guard_books(mode=mode, with_providers=False, actor=SYSTEM)  # changes nothing
    assert PostingBreaker.objects.count() == 1
    spoil(-1)


def test_a_person_with_a_reason_and_a_second_factor_resumes(books: Tenant, amina: Actor) -> None:
    post_entry(draft=sale(), idempotency_key="k1", actor=amina)
    stop_posting(reason="by hand", actor=amina)
    with pytest.raises(StepUpRequired):
        resume_posting(reason="mended", step_up_at=None, actor=amina)
    with pytest.raises(errors.ExplanationMissing):
        resume_posting(reason=" ", step_up_at=clock.now(), actor=amina)
    with pytest.raises(ValueError, match="person"):
        resume_posting(reason="mended", step_up_at=clock.now(), actor=SYSTEM)
    resume_posting(reason="mended", step_up_at=clock.now(), actor=amina)
    with pytest.raises(errors.PostingNotStopped):
        resume_posting(reason="mended", step_up_at=clock.now(), actor=amina)
    assert post_entry(draft=sale(), idempotency_key="k1", actor=amina).is_replay
    post_entry(draft=sale(), idempotency_key="k2", actor=amina)
    assert account_balance("9100").balance == kes(200)
    names = OutboxMessage.objects.filter(name__startswith="ledger.posting_").order_by("sequence")
    assert list(names.values_list("name", flat=True)) == [
        "ledger.posting_stopped", "ledger.posting_resumed",
    ]  # fmt: skip
    assert books_violations() == []


@pytest.mark.parametrize(
    "change",
    [
        f"UPDATE {BREAKER} SET {CLOSED}, closed_by = 'system:x', {STEP_UP}, {REASON}",
        f"UPDATE {BREAKER} SET {CLOSED}, closed_by = 'person:x', {REASON}",
        f"UPDATE {BREAKER} SET {CLOSED}, closed_by = 'person:x', {STEP_UP}",
        f"UPDATE {BREAKER} SET reason = 'y'",
        f"DELETE FROM {BREAKER}",
        (
            f"INSERT INTO {BREAKER} SELECT (jsonb_populate_record(b, jsonb_build_object("
            f"'id', gen_random_uuid()))).* FROM {BREAKER} b"
        ),
    ],
)
def test_the_database_keeps_the_breaker_too(books: Tenant, change: str) -> None:
    stop_posting(reason="by hand", actor=SYSTEM)
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(change)
    assert posting_stop() is not None


def test_the_command_tells_and_with_an_option_stops(
    books: Tenant, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = {"tenant": "mara", "without_providers": True, "json": True, "fast": True}
    spoil()
    for option, is_stopped in (({}, False), ({"stop_posting": True}, True)):
        with pytest.raises(SystemExit) as ended:
            call_command("audit_books", **asked, **option)
        connection.set_tenant(books)  # type: ignore[attr-defined]
        assert (ended.value.code, posting_stop() is not None) == (1, is_stopped)
        [told] = json.loads(capsys.readouterr().out)["tenants"]
        assert (told["mode"], told["is_clean"]) == ("fast", False)
    spoil(-1)


def test_over_http_a_stop_is_a_problem_that_may_pass(books: Tenant) -> None:
    caller = Caller(books, ["ledger:read", "ledger:write"])
    assert caller.get("posting-breaker").json() == {"is_stopped": False, "stop": None}
    stop_posting(reason="by hand", actor=SYSTEM)
    refused = caller.post("entries", SALE, key=str(new_id()))
    problem = refused.json()
    assert (refused.status_code, refused["Retry-After"]) == (503, "60")
    assert problem["type"].endswith("ledger/posting-stopped")
    assert caller.get("posting-breaker").json()["stop"]["reason"] == "by hand"
