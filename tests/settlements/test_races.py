"""Two at once, on committed data: of two last votes and of two releases exactly one counts."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db import connection

from apps.platform.actors import SYSTEM, Actor
from apps.platform.errors import DomainError
from apps.settlements import services
from apps.settlements.models import Approval, Batch
from apps.settlements.selectors import settlements_violations
from apps.tenancy.contexts import inside
from apps.tenancy.models import Domain, Tenant
from apps.tenancy.selectors import tenant_by_slug
from apps.tenancy.services import provision_tenant
from tests.settlements.world import balance, decide, draft, open_books, owe, person, post, submitted

SLUG = "settle-races"


@pytest.fixture
def races(django_db_setup: None, django_db_blocker: Any) -> Iterator[Tenant]:
    """A tenant whose tests commit, from several threads; gone afterwards."""
    with django_db_blocker.unblock():
        _drop()
        provision_tenant(
            slug=SLUG, name="Races", functional_currency="KES", domains=[], actor=SYSTEM
        )
        tenant = tenant_by_slug(SLUG)
        assert tenant is not None
        with inside(tenant):
            yield tenant
        _drop()
        connection.close()


def _drop() -> None:
    connection.set_schema_to_public()  # type: ignore[attr-defined]
    tenant = tenant_by_slug(SLUG)
    if tenant is not None:
        with connection.cursor() as cursor:
            cursor.execute(f'DROP SCHEMA IF EXISTS "{tenant.schema_name}" CASCADE')
        Domain.objects.filter(tenant=tenant).delete()
        Tenant.objects.filter(id=tenant.id).delete()


def at_once(tenant: Tenant, *works: Callable[[], object]) -> list[str]:
    """Each in a thread and connection of its own, started together; how each ended."""
    start = threading.Barrier(len(works))
    ends: list[str] = []

    def run(work: Callable[[], object]) -> None:
        try:
            with inside(tenant):
                start.wait(10)
                ends.append(str(work() or "done"))
        except DomainError as error:
            ends.append(error.code)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return sorted(ends)


@pytest.fixture
def people(races: Tenant) -> tuple[Actor, Actor, Actor]:
    """Books with a float of KES 1,000, a maker and two checkers."""
    open_books(float_shillings=1_000)
    owe("R1", 900)
    return person("maker"), person("other"), person("third")


def test_of_parallel_votes_each_person_s_counts_once(
    races: Tenant, people: tuple[Actor, Actor, Actor]
) -> None:
    maker, other, third = people
    batch = draft(maker)
    Batch.objects.filter(id=batch.id).update(approvals_needed=2)
    services.submit_batch(batch_id=batch.id, actor=maker)
    batch.refresh_from_db()
    # the same person twice, at once: one vote
    twice = at_once(races, *[lambda: decide(batch, other)] * 4)
    assert twice == ["in_approval", *["settlements/already-decided"] * 3]
    # the last vote, by the same person double-clicking: one counts, one approval is on record
    last = at_once(races, *[lambda: decide(batch, third)] * 3)
    assert last[0] == "approved"
    assert set(last[1:]) <= {"settlements/already-decided", "settlements/forbidden-transition"}
    assert Approval.objects.count() == 2


def test_of_two_releases_for_one_float_exactly_one_reserves(
    races: Tenant, people: tuple[Actor, Actor, Actor]
) -> None:
    maker, other, third = people
    batch = submitted(maker)
    decide(batch, other)
    owe("R2", 800)
    second = submitted(maker)
    decide(second, other)
    releases = at_once(
        races,
        *[
            lambda id=one.id: services.release_batch(batch_id=id, actor=third)
            for one in (batch, second)
        ],
    )
    assert releases == ["done", "settlements/float-short"]
    assert sorted(Batch.objects.values_list("state", flat=True)) == ["approved", "released"]
    assert balance("2900") in (90_000, 80_000)
    assert settlements_violations() == []

    # one release, clicked five times: once
    rest = Batch.objects.get(state="approved")
    post("1110", "3000", 1_000)
    clicks = at_once(races, *[lambda: services.release_batch(batch_id=rest.id, actor=third)] * 5)
    assert clicks == ["done", *["settlements/forbidden-transition"] * 4]
    assert balance("2900") == 170_000


def test_of_two_drafts_nobody_is_in_both_and_two_last_votes_both_count(
    races: Tenant, people: tuple[Actor, Actor, Actor]
) -> None:
    maker, other, third = people
    drafts = at_once(races, lambda: draft(maker), lambda: draft(other))
    assert "settlements/nothing-to-pay" in drafts
    assert Batch.objects.filter(state="open").count() == 1

    open_one = Batch.objects.get(state="open")
    Batch.objects.filter(id=open_one.id).update(approvals_needed=2)
    services.submit_batch(batch_id=open_one.id, actor=SYSTEM)
    open_one.refresh_from_db()
    both = at_once(races, *[lambda v=v: decide(open_one, v) for v in (person("v1"), third)])
    assert both == ["approved", "in_approval"]
