"""Recurring entries."""

from __future__ import annotations

from typing import ClassVar

from django.db import migrations


class Migration(migrations.Migration):
    """Nothing yet."""

    dependencies: ClassVar = [("ledger", "0015_posting_speed")]
    operations: ClassVar = []
