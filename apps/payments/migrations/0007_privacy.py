"""No card number is kept."""

from __future__ import annotations

from typing import ClassVar

from django.db import migrations

from apps.platform.sql import RunSQLFile


class Migration(migrations.Migration):
    """The guard in the tables whose texts people and clients write."""

    dependencies: ClassVar = [("payments", "0006_bank_files")]
    operations: ClassVar = [RunSQLFile("apps.payments", "0007_privacy")]
