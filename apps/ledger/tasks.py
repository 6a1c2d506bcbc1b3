"""The clockwork of the ledger."""

from __future__ import annotations

from time import monotonic

from apps.ledger import services
from apps.ledger.selectors import has_unfolded
from apps.ledger.services.modes import FOLD_MAX
from apps.ledger.services.sealing import seal_books
from apps.platform.actors import SYSTEM
from apps.tenancy.workers import WAKE_LIFETIME_SECONDS, every_tenant, tenant_task, wake


@every_tenant("ledger.tend_journals")
def tend_journals() -> int:
    """Every few minutes: forgotten journals expire, accruals whose day has come are taken back."""
    return services.expire_journals(actor=SYSTEM) + services.reverse_due_journals(actor=SYSTEM)


@every_tenant("ledger.post_due_recurring")
def post_due_recurring() -> int:
    """Every few minutes: recurring entries whose day has come, missed days first."""
    return services.post_due_recurring(actor=SYSTEM)


@every_tenant("ledger.announce_crossings")
def announce_crossings() -> int:
    """Every few seconds: what balance monitors saw becomes events. Safe to run twice."""
    return services.announce_crossings(actor=SYSTEM)


#: A worker folds one tenant's postings no longer than this before others get their turn.
FOLD_SECONDS = 5.0


@tenant_task("ledger.fold_postings")
def fold_postings() -> int:
    """Fold what can be folded; where more is left, wake a worker for it again."""
    until = monotonic() + FOLD_SECONDS
    done = 0
    while (folded := services.fold_postings(actor=SYSTEM)) == FOLD_MAX:
        done += folded
        if monotonic() > until:
            wake("ledger.fold_postings")
            break
    return done + folded


@every_tenant("ledger.sweep_folds")
def sweep_folds() -> int:
    """Find tenants with something to fold. Each has a task of its own: one backlog delays nobody
    else's balances.
    """
    if not has_unfolded():
        return 0
    fold_postings.apply_async(expires=WAKE_LIFETIME_SECONDS, retry=False)
    return 1


@every_tenant("ledger.sweep_waits")
def sweep_waits() -> int:
    """Look once at who waits for whom."""
    return services.look_at_waits(actor=SYSTEM)


@every_tenant("ledger.refresh_ecb_rates")
def refresh_ecb_rates() -> int:
    """Hourly: the European Central Bank's rates, where they are in use and a new day's are due."""
    return services.refresh_ecb_rates()


@every_tenant("ledger.seal")
def seal_every_book() -> int:
    """Chain, sign and anchor what was posted. Safe to run twice and to kill."""
    return seal_books()


@every_tenant("ledger.sweep_holds")
def sweep_holds() -> int:
    """Release what is left of holds whose time is over. A bounded batch, safe to run twice."""
    return services.expire_holds(actor=SYSTEM)
