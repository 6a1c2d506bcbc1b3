"""Background work, always inside one tenant. The only module that knows Celery's task API.

A message names its tenant in a signed header, bound to the message's id and its task: whoever can
write to the broker but does not know the program's key can neither make a message nor point one at
another tenant.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import Any
from uuid import UUID

import structlog
from celery import Task, current_app, shared_task
from celery.utils import uuid
from django.core.signing import BadSignature, Signer
from django.db import transaction

from apps.platform.errors import NoTenant
from apps.platform.tenant import current_tenant
from apps.tenancy.contexts import inside, on_platform
from apps.tenancy.domain import TenantState
from apps.tenancy.models import Tenant
from apps.tenancy.selectors import ready_tenants, tenant_by_id

HEADER = "house_tenant"
logger = structlog.get_logger("house.workers")
security = structlog.get_logger("house.security")


class TenantTask(Task):
    """A task that runs inside the tenant its message names, and refuses to run without one."""

    abstract = True
    is_platform_task = False

    def apply_async(  # type: ignore[override]  # the rest goes through as it comes
        self, args: Any = None, kwargs: Any = None, task_id: str | None = None, **options: Any
    ) -> Any:
        """Send, with the present tenant in the message's headers, whatever the caller put there."""
        task_id = task_id or uuid()
        headers = dict(options.pop("headers", None) or {})
        if not self.is_platform_task:
            headers[HEADER] = _signed(_tenant_to_send(), task_id, self.name)
        return super().apply_async(args, kwargs, task_id=task_id, headers=headers, **options)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Run inside the tenant; a tenant that is not ready is left alone."""
        if self.is_platform_task:
            with on_platform():
                return self.run(*args, **kwargs)
        tenant = self._tenant()
        if tenant.state != TenantState.READY:
            logger.warning("task.tenant_not_ready", task=self.name, tenant=tenant.slug)
            return None
        with inside(tenant):
            return self.run(*args, **kwargs)

    def _tenant(self) -> Tenant:
        """The tenant of the message, or ``NoTenant``: missing, forged and unknown are the same."""
        request = self.request
        header = getattr(request, HEADER, None) or (request.headers or {}).get(HEADER)
        named = _verified(str(header or ""), str(request.id), self.name)
        with on_platform():
            tenant = tenant_by_id(named) if named else None
        if tenant is None:
            security.warning("task.no_tenant", task=self.name, has_header=bool(header))
            raise NoTenant
        return tenant


def _tenant_to_send() -> UUID:
    tenant = current_tenant()
    if tenant.is_platform:
        raise NoTenant
    return tenant.id


def _signer(task_id: str, task: str) -> Signer:
    return Signer(salt=f"house.task:{task}:{task_id}")


def _signed(tenant_id: UUID, task_id: str, task: str) -> str:
    return _signer(task_id, task).sign(tenant_id.hex)


def _verified(header: str, task_id: str, task: str) -> UUID | None:
    try:
        return UUID(_signer(task_id, task).unsign(header))
    except (BadSignature, ValueError):
        return None


def tenant_task(name: str) -> Callable[[Callable[..., object]], Any]:
    """Make a Celery task of a function that works inside the tenant it is sent from."""
    return shared_task(name=name, base=TenantTask)


def every_tenant(name: str, *, and_platform: bool = False) -> Callable[[Callable[[], int]], Any]:
    """Make a sweep of a function: for beat, run once inside each ready tenant, in turn.

    One tenant's failure is logged and does not stop the others. ``and_platform`` is for tables
    that the platform's own schema has, too.
    """

    def decorate(function: Callable[[], int]) -> Any:
        @functools.wraps(function)
        def sweep() -> int:
            done = 0
            for slug, place in _places(and_platform=and_platform):
                try:
                    with place:
                        done += function()
                except Exception:
                    logger.exception("sweep.failed", sweep=name, tenant=slug)
            return done

        return shared_task(name=name, base=_PlatformTask)(sweep)

    return decorate


def _places(*, and_platform: bool) -> Iterator[tuple[str, AbstractContextManager[None]]]:
    if and_platform:
        yield "platform", on_platform()
    for tenant in ready_tenants():
        yield tenant.slug, inside(tenant)


#: One sweep does not keep a worker, and the tenants behind, waiting for a long backlog.
BATCHES_MAX = 20


def until_done(batch: Callable[[], int]) -> int:
    """Repeat a bounded batch until one finds nothing, at most ``BATCHES_MAX`` times."""
    done = 0
    for _ in range(BATCHES_MAX):
        found = batch()
        done += found
        if not found:
            break
    return done


class _PlatformTask(TenantTask):
    abstract = True
    is_platform_task = True


#: A wake-up that no worker took by then has been overtaken by the task's sweep.
WAKE_LIFETIME_SECONDS = 10


def wake(task: str) -> None:
    """After the present transaction commits, ask a worker to run ``task`` for this tenant soon.

    A hint only: the same work is found by the task's sweep when the message is lost. The task is
    named, not imported: the process that asks need not know it.
    """
    task_id = uuid()
    headers = {HEADER: _signed(_tenant_to_send(), task_id, task)}

    def send() -> None:
        try:
            current_app.send_task(
                task,
                task_id=task_id,
                headers=headers,
                retry=False,
                expires=WAKE_LIFETIME_SECONDS,
            )
        except Exception:
            logger.warning("wake.lost", task=task, exc_info=True)

    transaction.on_commit(send)
