"""The posting path made cheaper."""

from __future__ import annotations

from typing import ClassVar

from django.db import migrations

from apps.platform.sql import RunSQLFile


class Migration(migrations.Migration):
    """Functions only; no table changes."""

    dependencies: ClassVar = [("ledger", "0014_balances_keep_off")]
    operations: ClassVar = [RunSQLFile("apps.ledger", "0015_posting_speed")]
