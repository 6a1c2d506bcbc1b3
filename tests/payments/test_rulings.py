"""What people say became of an attempt nobody can vouch for: one asks, another decides."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client

from apps.payments import selectors, services
from apps.payments.connectors.base import Result
from apps.payments.domain.rulings import RulingVerb
from apps.payments.domain.states import AttemptState, Outcome
from apps.payments.errors import AlreadyDecided, NotCheckable, SecondPersonNeeded
from apps.payments.errors.bank_files import ReasonMissing
from apps.payments.errors.operators import (
    EvidenceMissing,
    ReferenceInBooks,
    ShownHasChanged,
    VerbNotAllowed,
)
from apps.payments.models import Attempt, PaymentEvent, Ruling
from apps.payments.services.learning import Lesson, learn, locked_attempt
from apps.platform import clock
from apps.platform.actors import SYSTEM, Actor, ActorKind
from apps.platform.ids import public_id
from apps.tenancy.models import Tenant
from tests.identity.people import enrolled, make_person, signed_in
from tests.payments.books import Caller, open_accounts
from tests.payments.test_guards import refused
from tests.payments.test_late_and_corrected import paid
from tests.payments.world import balance, kes, new_intent, queue_payout, told

pytestmark = pytest.mark.django_db
LOST = Result(Outcome.UNKNOWN)


@pytest.fixture
def books(mara: Tenant) -> Tenant:
    open_accounts()
    return mara


@pytest.fixture
def clerk(books: Tenant) -> Actor:
    return person("clerk", "operator")


@pytest.fixture
def boss(books: Tenant) -> Actor:
    return person("boss", "approver")


def person(name: str, role: str) -> Actor:
    return Actor(ActorKind.PERSON, name, make_person(name, role).id)


def unknown(attempt_id: UUID, state: str = "unknown", hours: int = 5) -> Attempt:
    """An attempt that left so long ago and of which nobody knows anything."""
    attempts = Attempt.objects.filter(id=attempt_id)
    attempts.update(state="sending", sends=1, sent_at=clock.now() - timedelta(hours=hours))
    learn(locked_attempt(attempt_id), Lesson(LOST, "query", SYSTEM))
    if state == "investigate":
        attempts.update(state=state, next_check_at=None)
    return attempts.get()


def collection(**facts: Any) -> Attempt:
    intent_id = new_intent("254708374149")
    return unknown(services.start_collection(intent_id=intent_id, actor=SYSTEM).attempt_id, **facts)


def payout(**facts: Any) -> Attempt:
    return unknown(Attempt.objects.get(payout_ref=queue_payout("254708374149")).id, **facts)


def ask(
    attempt: Attempt, verb: str, actor: Actor, reference: str = "", evidence: str = "Ticket 7"
) -> UUID:
    return services.ask_ruling(
        attempt_id=attempt.id, verb=RulingVerb(verb), evidence=evidence, reference=reference,
        actor=actor,
    )  # fmt: skip


def decide(ruling_id: UUID, actor: Actor, digest: str | None = None, **more: Any) -> None:
    shown = selectors.ruling(ruling_id).digest if digest is None else digest
    facts: dict[str, Any] = {"is_approved": True, "reason": "", "digest": shown} | more
    services.decide_ruling(ruling_id=ruling_id, actor=actor, **facts)


def why_not(attempt: Attempt, verb: str) -> str:
    view = selectors.attempt_view(attempt.id)
    return next(row.why_not for row in view.verbs if row.verb == verb)


@pytest.mark.parametrize("state", ["unknown", "investigate"])
def test_a_success_is_booked_when_a_second_person_agrees(
    clerk: Actor, boss: Actor, state: str
) -> None:
    attempt = collection(state=state)
    ruling_id = ask(attempt, "succeeded", clerk, "SGH1")
    assert (balance("1100"), len(told("ruling_asked", "att_"))) == (0, 1)
    for same in (clerk, SYSTEM):
        with pytest.raises(SecondPersonNeeded):
            decide(ruling_id, same)
    with pytest.raises(ShownHasChanged):
        decide(ruling_id, boss, digest="0" * 64)
    decide(ruling_id, boss)
    attempt.refresh_from_db()
    assert (attempt.state, balance("1100"), balance("2100.rst-1")) == (
        "succeeded", 1_500_00, 1_350_00,
    )  # fmt: skip
    event = PaymentEvent.objects.get(attempt=attempt, kind="succeeded")
    assert (event.source, event.provider_reference) == ("operator", "SGH1")
    with pytest.raises(AlreadyDecided):
        decide(ruling_id, boss)
    # What the provider says afterwards about the same movement changes nothing.
    learn(locked_attempt(attempt.id), Lesson(paid("SGH1", kes(1_500)), "callback", SYSTEM))
    assert balance("1100") == 1_500_00
    assert selectors.payments_violations() == []


def test_a_payout_proved_absent_may_be_tried_anew(clerk: Actor, boss: Actor) -> None:
    attempt = payout()
    decide(ask(attempt, "failed", clerk), boss)
    attempt.refresh_from_db()
    assert (attempt.state, attempt.code) == ("failed", "operator.proved_absent")
    assert len(told("payout_failed", str(attempt.payout_ref))) == 1
    assert balance("2900") == 0
    # Evidence beats the ruling: the money had left after all.
    learn(locked_attempt(attempt.id), Lesson(paid("SGH2", kes(2_000)), "callback", SYSTEM))
    assert balance("2900") == -2_000_00


@pytest.mark.parametrize("state", ["unknown", "investigate"])
def test_the_same_request_leaves_again_under_its_key(clerk: Actor, boss: Actor, state: str) -> None:
    attempt = payout(state=state)
    ruling_id = ask(attempt, "resend", clerk)
    if state == "investigate":
        with refused("PM052"):
            Attempt.objects.filter(id=attempt.id).update(state="queued")
    decide(ruling_id, boss)
    again = Attempt.objects.get(id=attempt.id)
    assert (again.state, again.provider_key) == ("queued", attempt.provider_key)
    assert again.next_send_at is not None
    assert again.next_send_at <= clock.now()


def test_each_verb_says_why_it_is_not_allowed(clerk: Actor) -> None:
    young, acknowledged, prompt = payout(hours=0), payout(), collection()
    Attempt.objects.filter(id=acknowledged.id).update(acknowledged_at=clock.now())
    forgotten, tired = payout(), payout()
    Attempt.objects.filter(id=forgotten.id).update(key_valid_until=clock.now())
    Attempt.objects.filter(id=tired.id).update(sends=5)
    cases = [
        (young, "failed", "may still carry it out"),
        (acknowledged, "resend", "acknowledged it"),
        (prompt, "resend", "knows no key"),
        (forgotten, "resend", "forgot our key"),
        (tired, "resend", "sent 5 times"),
    ]
    for attempt, verb, why in cases:
        assert why in why_not(attempt, verb)
        with pytest.raises(VerbNotAllowed):
            ask(attempt, verb, clerk)
    ask(acknowledged, "failed", clerk)
    assert why_not(acknowledged, "succeeded") == "A ruling waits for a second person."
    done = payout()
    learn(locked_attempt(done.id), Lesson(paid("SGH3", kes(2_000)), "callback", SYSTEM))
    assert {row.why_not for row in selectors.attempt_view(done.id).verbs} == {
        "It is succeeded: nothing is unknown."
    }


def test_nothing_is_said_without_evidence_or_twice(clerk: Actor, boss: Actor) -> None:
    attempt, other = collection(), collection()
    with pytest.raises(EvidenceMissing):
        ask(attempt, "succeeded", clerk, "SGH4", evidence=" ")
    with pytest.raises(EvidenceMissing):
        ask(attempt, "succeeded", clerk)
    learn(locked_attempt(other.id), Lesson(paid("SGH4", kes(1_500)), "callback", SYSTEM))
    with pytest.raises(ReferenceInBooks):
        ask(attempt, "succeeded", clerk, "SGH4")
    ruling_id = ask(attempt, "succeeded", clerk, "SGH5")
    with pytest.raises(ReasonMissing):
        decide(ruling_id, boss, is_approved=False)
    decide(ruling_id, clerk, is_approved=False, reason="My mistake")
    second = ask(attempt, "failed", clerk)
    learn(locked_attempt(attempt.id), Lesson(paid("SGH6", kes(1_500)), "callback", SYSTEM))
    assert [selectors.ruling(one).state for one in (ruling_id, second)] == ["rejected", "lapsed"]
    assert selectors.waiting_rulings() == []


def test_what_is_investigated_is_asked_about_once_more(books: Tenant) -> None:
    attempt = payout(state="investigate")
    services.check_attempt_now(attempt_id=attempt.id, actor=SYSTEM)
    attempt.refresh_from_db()
    assert (attempt.state, attempt.checks) == (AttemptState.UNKNOWN, 11)
    assert attempt.next_check_at is not None
    learn(locked_attempt(attempt.id), Lesson(paid("SGH7", kes(2_000)), "callback", SYSTEM))
    with pytest.raises(NotCheckable):
        services.check_attempt_now(attempt_id=attempt.id, actor=SYSTEM)


def test_the_database_lets_no_operators_word_in_without_two(clerk: Actor, boss: Actor) -> None:
    attempt = collection()
    word = Lesson(paid("SGH8", kes(1_500)), "operator", SYSTEM)
    with refused("PM051"):
        learn(locked_attempt(attempt.id), word)
    ruling_id = ask(attempt, "failed", clerk)
    rows = Ruling.objects.filter(id=ruling_id)
    with refused("PM023"):
        rows.update(state="approved", decided_person=rows.get().asked_person)
    with refused("PM021"):
        rows.update(verb="succeeded", reference="X")
    with refused("PM051"):  # approved, but says something else
        rows.update(state="approved", decided_person="another")
        learn(locked_attempt(attempt.id), word)
    decide(ruling_id, boss)
    with refused("PM024"):
        rows.update(state="asked")
    with refused("PM050"):
        row = rows.get()
        row.pk, row.state, row.decided_person = None, "asked", ""
        row.save(force_insert=True)
    with refused("PM001"), connection.cursor() as cursor:
        cursor.execute("DELETE FROM payments_ruling")


def visit(tenant: Tenant, name: str, role: str) -> Client:
    user = make_person(name, role)
    client = signed_in(user, secret=enrolled(user) if role == "approver" else "")
    connection.set_tenant(tenant)  # type: ignore[attr-defined]  # django_tenants' own
    return client


def call(tenant: Tenant, client: Client, page: str, **form: Any) -> Any:
    method = client.post if form else client.get
    response = method(f"/console/payments/{page}", form or None)
    connection.set_tenant(tenant)  # type: ignore[attr-defined]  # django_tenants' own
    return response


def test_two_people_end_an_unknown_outcome_in_the_console(
    books: Tenant, settings: Any, tmp_path: Any
) -> None:
    settings.ENV = replace(settings.ENV, storage_url=f"file://{tmp_path}/files")
    attempt = collection()
    clerk, boss = visit(books, "ada", "operator"), visit(books, "bob", "approver")
    page = f"attempts/{public_id('att', attempt.id)}"
    shown = call(books, clerk, page).content.decode()
    assert "knows no key of ours" in shown
    assert f"{page}/ruling/succeeded" in shown
    assert call(books, clerk, f"{page}/ruling/nonsense").status_code == 404
    proof = SimpleUploadedFile("ticket.pdf", b"%PDF-1.7 ticket")
    form = {"reference": "SGH9", "evidence": "Ticket 12", "file": proof}
    assert call(books, clerk, f"{page}/ruling/succeeded", **form).status_code == 302
    (waiting,) = selectors.waiting_rulings()
    ruling = f"rulings/{public_id('rul', waiting.id)}"
    assert "You asked for it" in call(books, clerk, ruling).content.decode()
    agreed = {"action": "approve", "digest": waiting.digest}
    assert call(books, clerk, ruling, **agreed).status_code == 409
    assert "Ticket 12" in call(books, boss, "rulings").content.decode()
    assert call(books, boss, f"{ruling}/evidence").content == b"%PDF-1.7 ticket"
    assert call(books, boss, ruling, **agreed).status_code == 302
    assert balance("1100") == 1_500_00
    assert "Agree" not in call(books, boss, ruling).content.decode()


def test_programs_ask_and_people_decide(books: Tenant) -> None:
    attempt = payout(state="investigate")
    caller = Caller(books, "payments:read", "payments:write")
    name = public_id("att", attempt.id)
    (row,) = caller.get("unknown").json()["data"]
    assert (row["id"], len(row["verbs"]), row["rulings"]) == (name, 4, [])
    body = {"verb": "succeeded", "evidence": "Seen on the statement", "reference": "SGH10"}
    made = caller.post(f"unknown/{name}/rulings", body, key="r1")
    assert made.status_code == 201
    assert caller.post(f"unknown/{name}/rulings", body, key="r1").json() == made.json()
    refused_again = caller.post(f"unknown/{name}/rulings", body, key="r2")
    assert refused_again.json()["type"].endswith("payments/verb-not-allowed")
    assert caller.get("rulings", state="asked").json()["data"] == [made.json()]
    assert caller.get(f"rulings/{made.json()['id']}").json() == made.json()
    assert caller.post(f"unknown/{name}/check", {}, key="c1").json()["state"] == "unknown"
