"""Entry points of the workers for what the platform keeps in every tenant's books."""

from __future__ import annotations

from apps.platform import jobs
from apps.platform.idempotency import purge_answers
from apps.platform.messaging.retention import purge_handled, purge_published
from apps.tenancy.workers import every_tenant, tenant_task, until_done

#: A wake-up that no worker took within this time has been overtaken by the next sweep.
WAKE_LIFETIME_SECONDS = 10


@tenant_task("platform.run_jobs")
def run_jobs() -> int:
    """Do this tenant's due jobs."""
    return jobs.run_due_jobs()


@every_tenant("platform.run_due_jobs")
def run_due_jobs() -> int:
    """Find tenants with due jobs, those of dead workers included; each is worked for by itself."""
    if not jobs.has_due_jobs():
        return 0
    run_jobs.apply_async(expires=WAKE_LIFETIME_SECONDS, retry=False)
    return 1


@every_tenant("platform.purge_answers", and_platform=True)
def purge_old_answers() -> int:
    """Empty stored API answers after their time."""
    return until_done(purge_answers)


@every_tenant("platform.purge_events", and_platform=True)
def purge_old_events() -> int:
    """Remove published events, and notes of handled ones, after their time."""
    return until_done(purge_published) + until_done(purge_handled)
