"""The clockwork of reporting. The metric and one log line per violation come from here."""

from __future__ import annotations

from apps.platform.actors import SYSTEM
from apps.reporting.services import guard_books
from apps.tenancy.workers import every_tenant


@every_tenant("reporting.audit_books")
def audit_every_book() -> int:
    """Every quarter of an hour: everything, and what the providers say."""
    return len(guard_books(mode="full", actor=SYSTEM).violations)


@every_tenant("reporting.audit_books_fast")
def audit_every_book_fast() -> int:
    """Every minute: what reads one row for each account, so that a breach stops posting soon."""
    return len(guard_books(mode="fast", with_providers=False, actor=SYSTEM).violations)
