"""What a client asks once is done once."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection

from apps.platform import clock
from apps.platform.idempotency import Intention, answer_once, purge_answers
from apps.platform.ids import new_id
from apps.platform.models import AuditRecord, IdempotencyKey
from apps.tenancy.contexts import inside
from apps.tenancy.models import Tenant
from tests.platform.api_world import RINGING

Call = Callable[..., Any]
RINGS = "/v1/till/rings"
BODY = {"amount": {"amount": 1050, "currency": "KES"}}


def rung() -> int:
    return AuditRecord.objects.filter(use_case=RINGING).count()


def test_a_repeated_request_gets_the_same_answer_and_does_nothing(mara: Tenant, till: Call) -> None:
    first = till("POST", RINGS, BODY, key="k-1")
    again = till("POST", RINGS, BODY, key="k-1")
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.content == again.content
    assert first.json()["amount"] == {
        "amount": 1050,
        "currency": "KES",
        "amount_decimal": "10.50",
    }
    assert "Idempotent-Replayed" not in first
    assert again["Idempotent-Replayed"] == "true"
    assert rung() == 1


def test_the_same_body_written_another_way_is_the_same_request(mara: Tenant, till: Call) -> None:
    till("POST", RINGS, '{"amount":{"amount":5,"currency":"KES"},"mode":"fine"}', key="k")
    again = till(
        "POST", RINGS, '{ "mode": "fine", "amount": {"currency":"KES","amount":5} }', key="k"
    )
    assert again["Idempotent-Replayed"] == "true"
    assert rung() == 1


def test_another_body_under_the_same_key_is_refused(mara: Tenant, till: Call) -> None:
    till("POST", RINGS, BODY, key="k-1")
    other = till("POST", RINGS, {"amount": {"amount": 1051, "currency": "KES"}}, key="k-1")
    assert other.status_code == 422
    assert other.json()["code"] == "platform/idempotency-key-reused"
    assert rung() == 1


def test_the_query_is_part_of_the_request(mara: Tenant, till: Call) -> None:
    till("POST", f"{RINGS}?dry=1", BODY, key="k-1")
    assert till("POST", f"{RINGS}?dry=0", BODY, key="k-1").status_code == 422


@pytest.mark.parametrize("key", ["", "two words", "x" * 256, "schlüssel"])
def test_a_missing_or_ill_formed_key_is_a_bad_request(mara: Tenant, till: Call, key: str) -> None:
    answer = till("POST", RINGS, BODY, key=key)
    assert answer.status_code == 400
    assert answer.json()["code"] == "platform/idempotency-key-missing"
    assert rung() == 0


def test_two_clients_and_two_tenants_do_not_share_keys(
    mara: Tenant, baobab: Tenant, till: Call
) -> None:
    for host in ("mara.localhost", "baobab.localhost"):
        for client in ("till-1", "till-2"):
            answer = till("POST", RINGS, BODY, key="k", host=host, headers={"X-Client": client})
            assert "Idempotent-Replayed" not in answer
    for tenant in (mara, baobab):
        connection.set_schema_to_public()  # type: ignore[attr-defined]  # django_tenants' own
        with inside(tenant):
            assert rung() == 2


def test_a_refusal_takes_the_key_along(mara: Tenant, till: Call) -> None:
    refused = till("POST", RINGS, BODY | {"mode": "closed"}, key="k-1")
    assert refused.status_code == 409
    assert refused.json()["code"] == "tests/till-closed"
    assert not IdempotencyKey.objects.exists()
    assert till("POST", RINGS, BODY, key="k-1").status_code == 201
    assert rung() == 1


def test_a_bug_takes_the_key_along(mara: Tenant, till: Call) -> None:
    assert till("POST", RINGS, BODY | {"mode": "bug"}, key="k", raises=False).status_code == 500
    assert not IdempotencyKey.objects.exists()
    assert rung() == 0


def test_whoever_may_not_do_it_is_not_told_what_was_answered(mara: Tenant, till: Call) -> None:
    till("POST", RINGS, BODY, key="k-1")
    barred = till("POST", RINGS, BODY, key="k-1", headers={"X-Scopes": "till:look"})
    assert barred.status_code == 403
    assert "Idempotent-Replayed" not in barred
    assert till("POST", RINGS, BODY, key="k-1", headers={"X-Client": ""}).status_code == 401


def test_an_old_answer_is_emptied_and_its_key_still_holds(mara: Tenant, till: Call) -> None:
    id = till("POST", RINGS, BODY, key="k-1").json()["id"]
    assert purge_answers() == 0
    later = clock.now() + timedelta(days=31)
    with clock.reading(lambda: later):
        assert purge_answers() == 1
        assert purge_answers() == 0
        again = till("POST", RINGS, BODY, key="k-1")
    assert (again.status_code, again.json()) == (201, {"id": id})
    assert again["Idempotent-Replayed"] == "stale"
    assert rung() == 1


def test_the_database_keeps_no_mistake_as_an_answer(mara: Tenant, till: Call) -> None:
    till("POST", RINGS, BODY, key="k-1")
    with pytest.raises(Exception, match="platform_idempotency_key_answer_final"):
        IdempotencyKey.objects.update(status=503)


def test_a_refusal_that_is_an_answer_is_never_emptied(mara: Tenant) -> None:
    """What does not say ``keeps`` is never kept; see the ledger for what does."""
    intention = Intention(scope="s", key="k", fingerprint=b"f")
    first = answer_once(intention, lambda: (409, {"code": "no", "id": "x"}))
    later = clock.now() + timedelta(days=31)
    with clock.reading(lambda: later):
        assert purge_answers() == 1
        again = answer_once(intention, lambda: (201, {}))
    assert (again.status, again.body, again.is_replay, again.is_stale) == (
        409, first.body, True, False,
    )  # fmt: skip


# --- on committed data, with real threads and real crashes


@pytest.fixture
def key(committed_mara: Tenant) -> Iterator[str]:
    """A key of this test's own; what it caused is removed."""
    key = f"race-{new_id()}"
    yield key
    connection.set_tenant(committed_mara)  # type: ignore[attr-defined]  # django_tenants' own
    for row in IdempotencyKey.objects.filter(key__startswith=key):
        AuditRecord.objects.filter(subject=row.object_id).delete()
        row.delete()


def test_a_replay_is_told_only_what_the_disk_has(
    committed_mara: Tenant, key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    flushed: list[str] = []
    monkeypatch.setattr("apps.platform.idempotency.flush", lambda: flushed.append("now"))
    for told in ([], ["now"]):
        answer_once(Intention(scope="crash", key=key, fingerprint=b"f"), lambda: (201, {}))
        assert flushed == told


def at_once(calls: list[Callable[[], Any]]) -> list[Any]:
    """Make the calls together, each on a thread and a connection of its own."""
    barrier = threading.Barrier(len(calls))
    answers: list[Any] = []

    def make(call: Callable[[], Any]) -> None:
        barrier.wait()
        try:
            answers.append(call())
        finally:
            connection.close()

    threads = [threading.Thread(target=make, args=[call]) for call in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


def test_forty_racing_requests_have_one_effect(key: str, till: Call) -> None:
    answers = at_once([lambda: till("POST", RINGS, BODY, key=key)] * 40)
    assert Counter(answer.status_code for answer in answers) == {201: 40}
    assert len({answer.content for answer in answers}) == 1
    replays = Counter(answer.get("Idempotent-Replayed") for answer in answers)
    assert replays == {"true": 39, None: 1}
    [kept] = IdempotencyKey.objects.filter(key=key)
    assert AuditRecord.objects.filter(subject=kept.object_id).count() == 1


def test_a_twin_that_has_waited_two_seconds_is_told_to_come_back(key: str, till: Call) -> None:
    slow = BODY | {"mode": "slow"}
    answers = at_once([lambda: till("POST", RINGS, slow, key=key)] * 2)
    by_status = {answer.status_code: answer for answer in answers}
    assert set(by_status) == {201, 409}
    assert by_status[409]["Retry-After"] == "1"
    problem = by_status[409].json()
    assert (problem["code"], problem["retryable"]) == ("platform/request-in-flight", True)
    assert till("POST", RINGS, slow, key=key)["Idempotent-Replayed"] == "true"


def test_a_lost_connection_leaves_nothing_and_says_busy(key: str, till: Call) -> None:
    cut = till("POST", RINGS, BODY | {"mode": "cut"}, key=key)
    assert (cut.status_code, cut.json()["code"]) == (503, "platform/busy")
    assert not IdempotencyKey.objects.filter(key=key).exists()
    assert till("POST", RINGS, BODY, key=key).status_code == 201


CRASH = """
import sys, django
django.setup()
from django.conf import settings
from django.db import connection
connection.settings_dict["NAME"] = sys.argv[1]
from apps.tenancy.contexts import inside
from apps.tenancy.selectors import tenant_by_slug
from apps.platform.actors import Actor, ActorKind
from apps.platform.idempotency import Intention, answer_once
from apps.platform.money import Money
from tests.platform.api_world import ring_up
actor = Actor(ActorKind.SERVICE, "crash")
def work():
    return 201, {"id": ring_up(amount=Money(1, "KES"), mode="die", actor=actor)}
with inside(tenant_by_slug("mara")):
    answer_once(Intention("crash", sys.argv[2], bytes(32)), work)
"""


def test_a_process_that_dies_at_work_leaves_nothing(key: str, till: Call) -> None:
    name = str(connection.settings_dict["NAME"])
    died = subprocess.run(
        [sys.executable, "-c", CRASH, name, key],
        check=False,
        capture_output=True,
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "config.settings.test"},
    )
    assert died.returncode == 9, died.stderr.decode()
    assert not IdempotencyKey.objects.filter(key=key).exists()
    assert till("POST", RINGS, BODY, key=key).status_code == 201
