"""Background work through a real broker and a real worker: only for the tenant that sent it."""

from __future__ import annotations

import queue
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest
from celery.contrib.testing.worker import start_worker
from django.db import connections

from apps.platform.errors import NoTenant
from apps.platform.ids import new_id
from apps.platform.tenant import current_tenant, database
from apps.tenancy.contexts import inside
from apps.tenancy.domain import TenantState
from apps.tenancy.models import Tenant
from apps.tenancy.workers import HEADER, _signed, every_tenant, tenant_task
from config.celery import app

QUEUE = f"tests-{new_id().hex}"
WAIT_SECONDS = 20
heard: queue.Queue[tuple[str, str]] = queue.Queue()


@tenant_task("tests.say_whose")
def say_whose(what: str) -> None:
    heard.put((what, current_tenant().slug))


@every_tenant("tests.sweep_whose")
def sweep_whose() -> int:
    heard.put(("sweep", current_tenant().slug))
    return 1


@pytest.fixture(scope="module")
def worker(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """A worker of this program in a thread, on a queue of our own."""
    with django_db_blocker.unblock():
        database.set_schema_to_public()
        with start_worker(
            app, pool="solo", perform_ping_check=False, queues=[QUEUE], loglevel="ERROR"
        ):
            yield
        app.control.purge()
        connections.close_all()


@pytest.fixture
def tenants(worker: None) -> dict[str, Tenant]:
    database.set_schema_to_public()
    return {tenant.slug: tenant for tenant in Tenant.objects.filter(slug__in=["mara", "baobab"])}


def what_ran(tenants: dict[str, Tenant]) -> list[tuple[str, str]]:
    """Everything that ran up to a last message, which is sent now."""
    with inside(tenants["mara"]):
        say_whose.apply_async(["end"], queue=QUEUE)
    found = []
    while (one := heard.get(timeout=WAIT_SECONDS)) != ("end", "mara"):
        found.append(one)
    return found


def send_raw(what: str, headers: dict[str, str], task_id: str | None = None) -> None:
    """Put a message on the broker as somebody would who can write to it."""
    app.send_task(
        "tests.say_whose",
        [what],
        headers=headers,
        task_id=task_id,
        queue=QUEUE,
        base=None,
    )


def test_work_runs_inside_the_tenant_that_sent_it(tenants: dict[str, Tenant]) -> None:
    for tenant in tenants.values():
        with inside(tenant):
            say_whose.apply_async([f"from {tenant.slug}"], queue=QUEUE)
    assert sorted(what_ran(tenants)) == [("from baobab", "baobab"), ("from mara", "mara")]


def test_a_header_given_by_the_caller_does_not_move_the_work(tenants: dict[str, Tenant]) -> None:
    with inside(tenants["mara"]):
        say_whose.apply_async(["moved"], queue=QUEUE, headers={HEADER: tenants["baobab"].id.hex})
    assert what_ran(tenants) == [("moved", "mara")]


def test_work_without_a_tenant_or_with_a_forged_one_does_not_run(
    tenants: dict[str, Tenant], caplog: pytest.LogCaptureFixture
) -> None:
    """Missing, plain text, signed for another message, signed for another task, unknown tenant."""
    mara, baobab = tenants["mara"].id, tenants["baobab"].id
    own_id, other_id = new_id().hex, new_id().hex
    genuine = _signed(mara, own_id, "tests.say_whose")
    forged: dict[str, tuple[dict[str, str], str]] = {
        "missing": ({}, own_id),
        "not signed": ({HEADER: str(baobab)}, own_id),
        "another signature": ({HEADER: f"{baobab.hex}:{genuine.split(':')[1]}"}, own_id),
        "of another message": ({HEADER: genuine}, other_id),
        "of another task": ({HEADER: _signed(mara, own_id, "tests.other")}, own_id),
        "unknown tenant": (
            {HEADER: _signed(UUID(int=7), own_id, "tests.say_whose")},
            own_id,
        ),
    }
    for what, (headers, task_id) in forged.items():
        send_raw(what, headers, task_id)
    assert what_ran(tenants) == []
    print(f"\ncelery: {', '.join(forged)}: refused")


def test_a_genuine_header_would_have_run(tenants: dict[str, Tenant]) -> None:
    """The message above differs from this one only in being forged."""
    id = new_id().hex
    send_raw("genuine", {HEADER: _signed(tenants["baobab"].id, id, "tests.say_whose")}, id)
    assert what_ran(tenants) == [("genuine", "baobab")]


def test_the_platform_sends_no_tenants_work(tenants: dict[str, Tenant]) -> None:
    with pytest.raises(NoTenant):
        say_whose.apply_async(["nobody's"], queue=QUEUE)
    with pytest.raises(NoTenant):
        say_whose("called outside any message")


@pytest.mark.parametrize(
    "state", [TenantState.PROVISIONING, TenantState.SUSPENDED, TenantState.CLOSED]
)
def test_a_tenant_that_is_not_ready_is_left_alone(
    tenants: dict[str, Tenant], state: TenantState
) -> None:
    baobab = tenants["baobab"]
    with inside(baobab):
        Tenant.objects.filter(id=baobab.id).update(state=state)
        try:
            say_whose.apply_async(["late"], queue=QUEUE)
            ran = what_ran_from_mara(tenants)
        finally:
            Tenant.objects.filter(id=baobab.id).update(state=TenantState.READY)
    assert "baobab" not in {slug for _, slug in ran}
    assert ("sweep", "mara") in ran


def what_ran_from_mara(tenants: dict[str, Tenant]) -> list[tuple[str, str]]:
    sweep_whose.apply_async(queue=QUEUE)
    return what_ran(tenants)
