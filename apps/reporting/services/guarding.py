"""An audit that acts on what it finds."""

from __future__ import annotations

import structlog

from apps.ledger.selectors import Mode, books_violations
from apps.ledger.services import stop_posting
from apps.platform.actors import Actor
from apps.platform.tenant import current_tenant
from apps.reporting.domain import BooksAudit
from apps.reporting.selectors import audit_books

logger = structlog.get_logger("house.reporting")
#: Whose laws stop posting: the ledger's own. What payments, settlements or a provider disagree
#: about is for people, and refusing to post would only add to it.
_STOPS = "ledger."


def guard_books(*, mode: Mode, actor: Actor, with_providers: bool = True) -> BooksAudit:
    """Audit the present tenant's books; stop its posting when the ledger's own laws do not hold.

    A law that seemed broken is asked once more before anybody is stopped. Each violation is logged.
    Stopping what is stopped changes nothing, so this may run as often as it likes.
    """
    audit = audit_books(mode=mode, with_providers=with_providers)
    for violation in audit.violations:
        logger.error(
            "books.violated",
            tenant=current_tenant().slug,
            check=violation.check,
            subject=violation.subject,
            detail=violation.detail,
        )
    doubted = {found.check for found in audit.violations if found.check.startswith(_STOPS)}
    certain = books_violations(mode, only=doubted) if doubted else []
    if certain:
        first = certain[0]
        stop_posting(
            reason=f"The audit found {len(certain)} violations, first {first.check}: "
            f"{first.subject}: {first.detail}",
            checks=[violation.check for violation in certain],
            actor=actor,
        )
    return audit
