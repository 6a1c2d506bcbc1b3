"""The clockwork of settlements."""

from __future__ import annotations

from apps.settlements import services
from apps.tenancy.workers import every_tenant


@every_tenant("settlements.follow_up_payouts")
def follow_up_payouts() -> int:
    """Every few seconds: disbursements whose events are late. Safe to run twice."""
    return services.follow_up_payouts()


@every_tenant("settlements.run_schedules")
def run_schedules() -> int:
    """Every minute: payout schedules that are due, missed periods first. Safe to run twice."""
    return services.run_due_schedules()
