"""The posting path made cheaper."""

from __future__ import annotations

from typing import ClassVar

from django.db import migrations


class Migration(migrations.Migration):
    """Nothing yet."""

    dependencies: ClassVar = [("ledger", "0014_recurring")]
    operations: ClassVar = []
