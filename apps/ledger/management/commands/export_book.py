"""``manage.py export_book`` writes a tenant's sealed book to a file."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from apps.ledger.services.exporting import FORMATS, write_book_to
from apps.ledger.services.sealing import seal_books
from apps.platform.errors import DomainError
from apps.tenancy.contexts import inside
from apps.tenancy.selectors import tenant_by_slug


class Command(BaseCommand):
    """Seals what is due first, so that the file holds all that was committed before."""

    help = __doc__

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Whose, as what, where to."""
        parser.add_argument("--tenant", required=True, help="slug")
        parser.add_argument("--format", required=True, choices=sorted(FORMATS))
        parser.add_argument("--output", required=True, type=Path, help="a file that is not there")

    def handle(self, *args: Any, **options: Any) -> None:
        """Write it."""
        tenant = tenant_by_slug(options["tenant"])
        if tenant is None:
            raise CommandError(f"there is no tenant {options['tenant']!r}")
        try:
            with inside(tenant), options["output"].open("xb") as file:
                seal_books()
                book = write_book_to(file, export_format=options["format"])
        except FileExistsError:
            raise CommandError(f"{options['output']} is there already") from None
        except DomainError as error:
            options["output"].unlink()
            raise CommandError(str(error)) from error
        self.stdout.write(f"{options['output']}: entries 1 to {book.last}")
