"""Entry points of the workers. Each does a bounded batch; all are safe to repeat and to kill."""

from __future__ import annotations

from apps.tenancy.workers import WAKE_LIFETIME_SECONDS, every_tenant, tenant_task, until_done
from apps.webhooks import services


@tenant_task("webhooks.deliver")
def deliver() -> int:
    """Send what is due."""
    return services.deliver_due()


@every_tenant("webhooks.sweep_deliveries")
def sweep_deliveries() -> int:
    """Find deliveries whose wake-up was lost, and those to be tried again. Each tenant's are sent
    by a task of its own, so that one tenant's slow receivers hold up nobody else's.
    """
    if not services.has_due_deliveries():
        return 0
    deliver.apply_async(expires=WAKE_LIFETIME_SECONDS, retry=False)
    return 1


@every_tenant("webhooks.purge_deliveries")
def purge_deliveries() -> int:
    """Let go of what has had its time."""
    return until_done(services.purge_deliveries)
