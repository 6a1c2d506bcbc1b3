"""``manage.py ledger_verify`` proves an export; the same as running the file by itself."""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from apps.ledger.domain import ledger_verify


class Command(BaseCommand):
    """Exit 0 and OK, or 1 and the first broken place. Asks no database."""

    help = ledger_verify.__doc__
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Those of the file."""
        ledger_verify.add_arguments(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        """Print the verdict and end with it."""
        is_proved, sentence = ledger_verify.verify(
            bundle=options["bundle"],
            heads=options["head"],
            receipts=options["receipt"],
            keys=options["key"],
        )
        self.stdout.write(sentence)
        if not is_proved:
            sys.exit(1)
