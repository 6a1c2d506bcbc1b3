"""Entry points of the workers. Each does a bounded batch; all are safe to repeat and to kill."""

from __future__ import annotations

from apps.payments import services
from apps.payments.selectors import has_due_checks, has_due_sends
from apps.tenancy.workers import every_tenant, tenant_task

#: A wake-up that no worker took within this time has been overtaken by the next sweep.
WAKE_LIFETIME_SECONDS = 10


@tenant_task("payments.send_due_attempts")
def send_due_attempts() -> int:
    """Send what is queued."""
    return services.send_due_attempts()


@tenant_task("payments.process_callbacks")
def process_callbacks() -> int:
    """Understand what has been stored."""
    return services.process_callbacks()


@tenant_task("payments.verify_due_attempts")
def verify_due_attempts() -> int:
    """Ask about what is not known."""
    return services.verify_due_attempts()


@every_tenant("payments.sweep_sends")
def sweep_sends() -> int:
    """Find queued attempts whose wake-up was lost. Each tenant's are sent by a task of its own, so
    that one slow provider holds up nobody else.
    """
    return _hand_on(send_due_attempts) if has_due_sends() else 0


@every_tenant("payments.sweep_callbacks")
def sweep_callbacks() -> int:
    """Find callbacks whose wake-up was lost, and those to be tried again."""
    return services.process_callbacks()


@every_tenant("payments.sweep_checks")
def sweep_checks() -> int:
    """Find attempts to be asked about."""
    return _hand_on(verify_due_attempts) if has_due_checks() else 0


@every_tenant("payments.sweep_bank_files")
def sweep_bank_files() -> int:
    """Hand over payment files that are due, and fetch and read what banks have answered."""
    done = services.send_bank_files() + services.fetch_bank_files()
    return done + services.read_bank_files()


@tenant_task("payments.tend_disputes")
def tend_disputes() -> int:
    """Answer disputes, and read those that moved."""
    return services.tend_disputes()


@every_tenant("payments.sweep_disputes")
def sweep_disputes() -> int:
    """Find answers that are due, hints and deadlines."""
    return services.tend_disputes()


@every_tenant("payments.sweep_expiry")
def sweep_expiry() -> int:
    """End intents whose time is over."""
    return services.expire_intents()


@every_tenant("payments.sweep_pay_ins")
def sweep_pay_ins() -> int:
    """Find pay-ins whose confirmation never came."""
    return services.pull_pay_ins()


@every_tenant("payments.read_balances")
def read_balances() -> int:
    """Compare what providers hold with our books."""
    return services.read_balances()


def _hand_on(task: object) -> int:
    task.apply_async(expires=WAKE_LIFETIME_SECONDS, retry=False)  # type: ignore[attr-defined]  # a Celery task
    return 1


@every_tenant("payments.reseal_phone_numbers")
def reseal_phone_numbers() -> int:
    """Seal under the newest program key what an older one sealed, a slice at a time."""
    return services.reseal_phone_numbers()
