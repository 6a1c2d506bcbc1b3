"""Asking every law of the books, and the providers' own books, whether they hold."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping

from prometheus_client import Gauge

from apps.ledger.selectors import Mode, books_laws, books_violations, trial_balance_from_postings
from apps.ledger.selectors import trial_balance as stored_trial_balance
from apps.payments.errors import ProviderUnreachable
from apps.payments.selectors import (
    payments_violations,
    provider_accounts,
    provider_disagreements,
)
from apps.platform import clock
from apps.platform.tenant import current_tenant
from apps.platform.violations import Violation
from apps.reporting.domain import BooksAudit
from apps.settlements.selectors import settlements_violations

BOOKS_VIOLATIONS = Gauge(
    "house_books_violations",
    "Breaches of a law of the books found by the last audit; anything but 0 needs a person now.",
    ["tenant", "check"],
    multiprocess_mode="mostrecent",
)
AUDIT_SECONDS = Gauge(
    "house_books_audit_seconds",
    "How long the last audit took.",
    ["tenant", "mode"],
    multiprocess_mode="mostrecent",
)
AUDITED_AT = Gauge(
    "house_books_audited_timestamp_seconds",
    "When the last audit ended, in seconds since 1970: an audit that no longer runs finds nothing.",
    ["tenant", "mode"],
    multiprocess_mode="mostrecent",
)

#: Laws of other apps; those of the ledger are asked, timed and told one by one.
_OTHERS: dict[str, Callable[[], Iterable[Violation]]] = {
    "payments": payments_violations,
    "settlements": settlements_violations,
}
#: Checks that were told for a tenant, so that one that holds again is told as 0.
_told: dict[str, set[str]] = {}


def audit_books(*, with_providers: bool = True, mode: Mode = "full") -> BooksAudit:
    """Audit the present tenant's books. Reads only; in full, takes seconds on a large ledger.

    ``fast`` asks only what reads one row for each account. ``with_providers`` also compares each
    provider account with the provider's own record of it. A provider that cannot be asked is named
    in ``not_checked``: silence is not agreement.
    """
    seconds: dict[str, float] = {}
    violations: list[Violation] = []
    not_checked: list[str] = []

    def ask(name: str, law: Callable[[], Iterable[Violation]]) -> None:
        began = time.perf_counter()
        try:
            violations.extend(law())
        except ProviderUnreachable as error:
            not_checked.append(f"{name.removeprefix('provider ')}: {error}")
        seconds[name] = round(time.perf_counter() - began, 4)

    for law in books_laws(mode):
        ask(law, lambda law=law: books_violations(mode, only=[law]))  # type: ignore[misc]  # bound
    for name, laws in _OTHERS.items() if mode == "full" else ():
        ask(name, laws)
    for account in provider_accounts() if with_providers else []:
        label = account.label
        ask(f"provider {label}", lambda label=label: provider_disagreements(label=label))  # type: ignore[misc]  # bound
    slug = current_tenant().slug
    _tell(slug, mode, seconds, violations)
    return BooksAudit(
        tenant=slug,
        mode=mode,
        checks=seconds,
        violations=tuple(violations),
        not_checked=tuple(not_checked),
        trial_balance=_sums(mode),
    )


def _tell(
    slug: str, mode: Mode, seconds: Mapping[str, float], violations: Iterable[Violation]
) -> None:
    found = Counter(violation.check for violation in violations)
    asked = set(seconds) | set(found)
    # A fast audit says nothing of the laws it did not ask.
    again = _told.get(slug, set()) if mode == "full" else set()
    for check in asked | again:
        BOOKS_VIOLATIONS.labels(tenant=slug, check=check).set(found[check])
    _told[slug] = _told.get(slug, set()) | asked
    AUDIT_SECONDS.labels(tenant=slug, mode=mode).set(sum(seconds.values()))
    AUDITED_AT.labels(tenant=slug, mode=mode).set(clock.now().timestamp())


def _sums(mode: Mode) -> dict[str, dict[str, int]]:
    """Totals of both sides by currency, in minor units; in full, from the fold of all postings."""
    found = trial_balance_from_postings() if mode == "full" else stored_trial_balance()
    return {
        total.currency: {"debits": total.debits_minor, "credits": total.credits_minor}
        for total in found.totals
    }
