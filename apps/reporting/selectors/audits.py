"""Asking every law of the books, and the providers' own books, whether they hold."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable

from prometheus_client import Gauge

from apps.ledger.selectors import books_violations, trial_balance_from_postings
from apps.payments.errors import ProviderUnreachable
from apps.payments.selectors import (
    payments_violations,
    provider_accounts,
    provider_disagreements,
)
from apps.platform.tenant import current_tenant
from apps.platform.violations import Violation
from apps.reporting.domain import BooksAudit
from apps.settlements.selectors import settlements_violations

BOOKS_VIOLATIONS = Gauge(
    "house_books_violations",
    "Breaches of a law of the books found by the last audit; anything but 0 needs a person now.",
    ["tenant"],
    multiprocess_mode="mostrecent",
)

_LAWS: dict[str, Callable[[], Iterable[Violation]]] = {
    "ledger": books_violations,
    "payments": payments_violations,
    "settlements": settlements_violations,
}


def audit_books(*, with_providers: bool = True) -> BooksAudit:
    """Audit the present tenant's books. Reads only; takes seconds on a large ledger.

    ``with_providers`` also compares each provider account with the provider's own record of it. A
    provider that cannot be asked is named in ``not_checked``: silence is not agreement.
    """
    seconds: dict[str, float] = {}
    violations: list[Violation] = []
    not_checked: list[str] = []
    for name, law in _LAWS.items():
        began = time.perf_counter()
        violations += law()
        seconds[name] = round(time.perf_counter() - began, 4)
    for account in provider_accounts() if with_providers else []:
        began = time.perf_counter()
        try:
            violations += provider_disagreements(label=account.label)
        except ProviderUnreachable as error:
            not_checked.append(f"{account.label}: {error}")
        seconds[f"provider {account.label}"] = round(time.perf_counter() - began, 4)
    slug = current_tenant().slug
    BOOKS_VIOLATIONS.labels(tenant=slug).set(len(violations))
    return BooksAudit(
        tenant=slug,
        checks=seconds,
        violations=tuple(violations),
        not_checked=tuple(not_checked),
        trial_balance=_sums(),
    )


def _sums() -> dict[str, dict[str, int]]:
    """Debit and credit totals in minor units by currency, from the fold of all postings."""
    return {
        total.currency: {"debits": total.debits_minor, "credits": total.credits_minor}
        for total in trial_balance_from_postings().totals
    }
