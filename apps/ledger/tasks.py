"""The clockwork of the ledger."""

from __future__ import annotations

from apps.ledger import services
from apps.platform.actors import SYSTEM
from apps.tenancy.workers import every_tenant


@every_tenant("ledger.announce_crossings")
def announce_crossings() -> int:
    """Every few seconds: what balance monitors saw becomes events. Safe to run twice."""
    return services.announce_crossings(actor=SYSTEM)
