"""Bring every schema to this program's migrations."""

from __future__ import annotations

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from apps.platform.actors import SYSTEM
from apps.tenancy.checks import refuse_unsafe
from apps.tenancy.selectors import tenants_behind
from apps.tenancy.services import migrate_tenants


class Command(BaseCommand):
    """``migrate_tenants``: the shared schema, the template, and only those tenants behind."""

    help = "Migrate the shared schema, the template and every tenant that is behind."

    def add_arguments(self, parser: CommandParser) -> None:
        """``--check`` only tells which tenants are behind, and exits 1 if any is."""
        parser.add_argument("--check", action="store_true", help="only tell who is behind")
        parser.add_argument(
            "--first", default="", metavar="SLUG", help="the tenant that goes first, as a canary"
        )
        parser.add_argument("--json", action="store_true", help="print the receipt as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        """Say a line for each schema that was changed, and one at the end."""
        refuse_unsafe()
        if options["check"]:
            late = tenants_behind()
            self.stdout.write("\n".join(late) if late else "nobody is behind")
            raise SystemExit(1 if late else 0)
        done = migrate_tenants(actor=SYSTEM, say=self.stdout.write, first=options["first"])
        if options["json"]:
            facts = {"migrated": done.migrated, "checked": done.checked, "seconds": done.seconds}
            self.stdout.write(json.dumps(facts))
            return
        self.stdout.write(
            f"{len(done.migrated)} of {done.checked} tenants migrated in {done.seconds:.2f} s"
        )
