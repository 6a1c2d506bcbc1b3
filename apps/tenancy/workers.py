"""Background work, always inside one tenant. The only module that knows Celery's task API."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any
from uuid import UUID

import structlog
from celery import Task, current_app, shared_task
from django.db import transaction

from apps.platform.errors import NoTenant
from apps.platform.tenant import current_tenant, database
from apps.tenancy.contexts import inside
from apps.tenancy.domain import TenantState
from apps.tenancy.selectors import ready_tenants, tenant_by_id

HEADER = "house_tenant"
logger = structlog.get_logger("house.workers")


class TenantTask(Task):
    """A task that runs inside the tenant its message names, and refuses to run without one."""

    abstract = True
    is_platform_task = False

    def apply_async(self, *args: Any, **options: Any) -> Any:
        """Send, with the present tenant in the message's headers."""
        headers = dict(options.pop("headers", None) or {})
        if not self.is_platform_task:
            tenant = current_tenant()
            if tenant.is_platform:
                raise NoTenant
            headers[HEADER] = str(tenant.id)
        return super().apply_async(*args, headers=headers, **options)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Run inside the tenant; a tenant that is not ready is left alone."""
        if self.is_platform_task:
            database.set_schema_to_public()
            return self.run(*args, **kwargs)
        named = getattr(self.request, HEADER, None) or (self.request.headers or {}).get(HEADER)
        tenant = tenant_by_id(UUID(named)) if named else None
        if tenant is None:
            raise NoTenant
        if tenant.state != TenantState.READY:
            logger.warning("task.tenant_not_ready", task=self.name, tenant=tenant.slug)
            return None
        with inside(tenant):
            return self.run(*args, **kwargs)


def tenant_task(name: str) -> Callable[[Callable[..., object]], Any]:
    """Make a Celery task of a function that works inside the tenant it is sent from."""
    return shared_task(name=name, base=TenantTask)


def every_tenant(name: str) -> Callable[[Callable[[], int]], Any]:
    """Make a sweep of a function: for beat, run once inside each ready tenant, in turn.

    One tenant's failure is logged and does not stop the others.
    """

    def decorate(function: Callable[[], int]) -> Any:
        @functools.wraps(function)
        def sweep() -> int:
            done = 0
            for tenant in ready_tenants():
                try:
                    with inside(tenant):
                        done += function()
                except Exception:
                    logger.exception("sweep.failed", sweep=name, tenant=tenant.slug)
            return done

        return shared_task(name=name, base=_PlatformTask)(sweep)

    return decorate


class _PlatformTask(TenantTask):
    abstract = True
    is_platform_task = True


def wake(task: str) -> None:
    """After the present transaction commits, ask a worker to run ``task`` for this tenant soon.

    A hint only: the same work is found by the task's sweep when the message is lost.
    """

    def send() -> None:
        try:
            current_app.tasks[task].apply_async(retry=False)
        except Exception:
            logger.warning("wake.lost", task=task, exc_info=True)

    transaction.on_commit(send)
