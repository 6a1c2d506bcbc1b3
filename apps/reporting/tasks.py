"""The clockwork of reporting."""

from __future__ import annotations

import structlog

from apps.platform.tenant import current_tenant
from apps.reporting.selectors import audit_books
from apps.tenancy.workers import every_tenant

logger = structlog.get_logger("house.reporting")


@every_tenant("reporting.audit_books")
def audit_every_book() -> int:
    """Every quarter of an hour: the metric and one log line per violation come from here."""
    audit = audit_books()
    for violation in audit.violations:
        logger.error(
            "books.violated",
            tenant=current_tenant().slug,
            check=violation.check,
            subject=violation.subject,
            detail=violation.detail,
        )
    return len(audit.violations)
