"""Migrations whose text is a ``.sql`` file beside the app that owns it."""

from __future__ import annotations

from importlib import resources
from typing import Any

from django.db import migrations


class RunSQLFile(migrations.RunSQL):
    """``RunSQLFile("apps.ledger", "0002_posting_guards")`` runs both halves of that step.

    ``<name>.sql`` goes forwards, ``<name>.reverse.sql`` goes back. A file that has been released is
    never edited: write the next number.
    """

    def __init__(self, app: str, name: str) -> None:
        self.app = app
        self.name = name
        folder = resources.files(app) / "sql"
        super().__init__(
            sql=(folder / f"{name}.sql").read_text("utf-8"),
            reverse_sql=(folder / f"{name}.reverse.sql").read_text("utf-8"),
        )

    def deconstruct(self) -> tuple[str, list[Any], dict[str, Any]]:
        """As it is written in a migration."""
        return self.__class__.__qualname__, [self.app, self.name], {}
