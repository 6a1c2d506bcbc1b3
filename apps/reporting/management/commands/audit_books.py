"""``manage.py audit_books`` asks whether everything in the books agrees."""

from __future__ import annotations

import json
import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from apps.ledger.selectors import Mode
from apps.platform.actors import SYSTEM
from apps.reporting.domain import BooksAudit
from apps.reporting.selectors import audit_books
from apps.reporting.services import guard_books
from apps.tenancy.contexts import inside
from apps.tenancy.selectors import ready_tenants, tenant_by_slug

VIOLATED = 1
INCOMPLETE = 3


class Command(BaseCommand):
    """Exit 0: all laws hold. 1: a violation. 3: a provider could not be asked."""

    help = __doc__

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Which tenants, and how to print."""
        which = parser.add_mutually_exclusive_group(required=True)
        which.add_argument("--all-tenants", action="store_true")
        which.add_argument("--tenant", help="slug")
        parser.add_argument("--json", action="store_true", help="print JSON")
        parser.add_argument("--without-providers", action="store_true", help="our own books only")
        parser.add_argument("--fast", action="store_true", help="one row for each account")
        parser.add_argument(
            "--stop-posting",
            action="store_true",
            help="stop a tenant's posting when a law of its ledger does not hold",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Audit each tenant and end with the worst outcome."""
        audits = []
        mode: Mode = "fast" if options["fast"] else "full"
        with_providers = not options["without_providers"]
        for tenant in self._tenants(options):
            with inside(tenant):
                if options["stop_posting"]:
                    audits.append(
                        guard_books(mode=mode, with_providers=with_providers, actor=SYSTEM)
                    )
                else:
                    audits.append(audit_books(mode=mode, with_providers=with_providers))
        if options["json"]:
            self.stdout.write(json.dumps({"tenants": [a.as_json() for a in audits]}, indent=1))
        else:
            for audit in audits:
                self._print(audit)
        if not all(audit.is_clean for audit in audits):
            sys.exit(VIOLATED)
        if any(audit.not_checked for audit in audits):
            sys.exit(INCOMPLETE)

    def _tenants(self, options: dict[str, Any]) -> list[Any]:
        if options["all_tenants"]:
            return list(ready_tenants())
        tenant = tenant_by_slug(options["tenant"])
        if tenant is None:
            raise CommandError(f"there is no tenant {options['tenant']!r}")
        return [tenant]

    def _print(self, audit: BooksAudit) -> None:
        self.stdout.write(f"{audit.tenant}: {'clean' if audit.is_clean else 'VIOLATED'}")
        for violation in audit.violations:
            self.stdout.write(f"  {violation.check}: {violation.subject}: {violation.detail}")
        for witness in audit.not_checked:
            self.stdout.write(f"  not checked: {witness}")
