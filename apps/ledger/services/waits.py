"""Noticing who waits for whom."""

from __future__ import annotations

from datetime import timedelta

from django.db import connection

from apps.ledger.models import LockWait
from apps.platform import audit, clock
from apps.platform.actors import Actor
from apps.platform.tenant import current_tenant_id
from apps.platform.use_cases import use_case

#: How long the figures of an hour are kept.
KEPT = timedelta(days=30)

# Whoever waits for a row holds, or waits for, the lock on its present version: page and number of
# pg_locks are its ctid. A row that moved between the two looks is missed; the next look sees it.
_LOOK = """
    INSERT INTO ledger_lock_wait AS w (tenant, account_id, hour, looks, waiters)
    SELECT %(tenant)s, b.account_id, %(hour)s, 1, count(*)
      FROM pg_locks l
      JOIN ledger_account_balance b ON b.ctid = format('(%%s,%%s)', l.page, l.tuple)::tid
     WHERE l.locktype = 'tuple' AND l.relation = 'ledger_account_balance'::regclass
       AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
     GROUP BY b.account_id
    ON CONFLICT (account_id, hour) DO UPDATE
       SET looks = w.looks + 1, waiters = w.waiters + excluded.waiters
"""


@use_case("ledger.look_at_waits")
def look_at_waits(*, actor: Actor) -> int:
    """Count, once, how many postings wait for which account's balance. Returns the accounts.

    Costs the posters nothing. One look says little; those of an hour are a measurement.
    """
    audit.nothing_happened()
    now = clock.now()
    hour = now.replace(minute=0, second=0, microsecond=0)
    with connection.cursor() as cursor:
        cursor.execute(_LOOK, {"tenant": current_tenant_id(), "hour": hour})
        seen = cursor.rowcount
    if seen:
        LockWait.objects.filter(hour__lt=now - KEPT).delete()
    return seen
