"""Bringing every schema to the program's migrations when a release is rolled out."""

from __future__ import annotations

import multiprocessing
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass

from django.db import connection, connections
from django_tenants.utils import get_public_schema_name

from apps.platform.actors import Actor
from apps.tenancy import seeding
from apps.tenancy.contexts import inside, on_platform
from apps.tenancy.domain import TenantState
from apps.tenancy.models import Tenant
from apps.tenancy.schemas.blueprints import prepare_blueprint
from apps.tenancy.schemas.migrating import alone, behind, migrate_public, migrate_tenant, wanted

PROCESSES = 2
#: Fewer than this many tenants are migrated in this process: starting others takes longer.
PARALLEL_FROM = 4
Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class ReleaseReceipt:
    """What was brought up to date."""

    is_shared_migrated: bool
    migrated: tuple[str, ...]
    checked: int
    seconds: float


def migrate_tenants(
    *, actor: Actor, say: Say = lambda _line: None, first: str = ""
) -> ReleaseReceipt:
    """Migrate the shared schema, the template and every tenant that is behind; seed them.

    The tenant with the slug ``first`` goes before the others and alone: should its migration fail,
    nobody else's has begun.

    Safe to repeat, and quick when there is nothing to do: one query asks all schemas. Only one
    process does it at a time. It commits schema by schema, so a failure leaves the tenants before
    it migrated and the others as they were; run it again.
    """
    started = time.perf_counter()
    with on_platform(), alone():
        migrations = wanted()
        is_shared_behind = bool(behind([get_public_schema_name()], migrations))
        if is_shared_behind:
            migrate_public()
            say("shared: migrated")
        prepare_blueprint()
        tenants = {
            tenant.schema_name: tenant
            for tenant in Tenant.objects.exclude(state=TenantState.CLOSED).order_by("slug")
        }
        late = [tenants[schema] for schema in behind(list(tenants), migrations)]
        late.sort(key=lambda tenant: (tenant.slug != first, tenant.slug))
        canary = late[: bool(late and late[0].slug == first)]
        for line in _migrate_all(canary):
            say(line)
        for line in _migrate_all(late[len(canary) :]):
            say(line)
        if late or is_shared_behind:
            _seed(tenants.values(), actor)
    return ReleaseReceipt(
        is_shared_behind,
        tuple(tenant.slug for tenant in late),
        len(tenants),
        time.perf_counter() - started,
    )


def _migrate_all(late: list[Tenant]) -> Iterable[str]:
    if len(late) < PARALLEL_FROM or connection.in_atomic_block:
        yield from map(_migrate_one, late)
        return
    context = multiprocessing.get_context("fork")
    with ProcessPoolExecutor(PROCESSES, context, initializer=_forget_connections) as workers:
        yield from workers.map(_migrate_one, late)


def _migrate_one(tenant: Tenant) -> str:
    started = time.perf_counter()
    migrate_tenant(tenant)
    return f"{tenant.slug}: migrated in {time.perf_counter() - started:.2f} s"


def _forget_connections() -> None:
    """In a child process: the parent's sockets are the parent's; open our own, without a pool.

    Dropping the wrapper sends nothing, where closing it would end the parent's session.
    """
    settings = dict(connections.settings["default"])
    settings["OPTIONS"] = {k: v for k, v in settings["OPTIONS"].items() if k != "pool"}
    connections.settings["default"] = settings
    _kept.append(connections["default"])
    del connections["default"]


#: The parent's connection, kept from being collected (and so closed) in the child.
_kept: list[object] = []


def _seed(tenants: Iterable[Tenant], actor: Actor) -> None:
    seeding.sow(actor)
    for tenant in tenants:
        with inside(tenant):
            seeding.sow(actor)
