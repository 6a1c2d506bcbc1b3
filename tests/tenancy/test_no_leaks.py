"""Many threads, one pool, two tenants: nobody ever reads the other's row."""

from __future__ import annotations

import random
import threading
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection, transaction

from apps.identity.models import Role
from apps.platform.tenant import database
from apps.tenancy.contexts import inside
from apps.tenancy.models import Tenant

THREADS = 6
READS_EACH = 100
MARKER = "leak-marker"


@pytest.fixture
def marked(django_db_setup: None, django_db_blocker: Any) -> Iterator[list[Tenant]]:
    """Both tenants, each with a row that says whose it is under a name that both use."""
    with django_db_blocker.unblock():
        database.set_schema_to_public()
        tenants = list(Tenant.objects.filter(slug__in=["mara", "baobab"]))
        for tenant in tenants:
            with inside(tenant):
                Role.objects.update_or_create(code=MARKER, defaults={"name": tenant.slug})
        yield tenants
        for tenant in tenants:
            with inside(tenant):
                Role.objects.filter(code=MARKER).delete()


def read(how: str) -> str:
    """Whose row the connection sees: through the manager, in a transaction, or by plain SQL."""
    if how == "manager":
        return Role.objects.get(code=MARKER).name
    if how == "transaction":
        with transaction.atomic():
            first = Role.objects.get(code=MARKER).name
            return first if Role.objects.get(code=MARKER).name == first else "both"
    with connection.cursor() as cursor:
        cursor.execute("SELECT name FROM identity_role WHERE code = %s", [MARKER])
        return str(cursor.fetchone()[0])


@pytest.mark.parametrize("is_switching", [False, True], ids=["one tenant each", "switching"])
def test_no_thread_reads_another_tenants_row(marked: list[Tenant], is_switching: bool) -> None:
    """Connections go back to the pool between reads, still looking where they last looked."""
    assert connection.settings_dict["OPTIONS"]["pool"]
    counts: Counter[str] = Counter()
    guard = threading.Lock()

    def work(index: int) -> None:
        mine: Counter[str] = Counter()
        tenant = marked[index % 2]
        for _ in range(READS_EACH):
            if is_switching:
                tenant = random.choice(marked)
            how = random.choice(["manager", "transaction", "sql"])
            with inside(tenant):
                mine["reads"] += 1
                mine["wrong"] += read(how) != tenant.slug
            if random.random() < 0.3:
                connection.close()
        connection.close()
        with guard:
            counts.update(mine)

    threads = [threading.Thread(target=work, args=(index,)) for index in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    print(f"\n{counts['reads']} reads by {THREADS} threads: {counts['wrong']} wrong")
    assert counts["reads"] == THREADS * READS_EACH
    assert counts["wrong"] == 0


def test_a_new_thread_is_in_nobodys_books(marked: list[Tenant]) -> None:
    seen: list[object] = []

    def work() -> None:
        seen.append(database.schema_name)
        seen.append(Role.objects.filter(code=MARKER).count())
        connection.close()

    with inside(marked[0]):
        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
    assert seen == ["public", 0]


def test_a_query_built_for_one_tenant_and_run_for_another_finds_nothing(
    marked: list[Tenant],
) -> None:
    mara, baobab = marked
    with inside(mara):
        lazy = Role.objects.filter(code=MARKER)
    with inside(baobab):
        assert list(lazy) == []
