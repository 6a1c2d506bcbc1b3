"""Policies of approval."""

from __future__ import annotations

from typing import ClassVar

from django.db import migrations


class Migration(migrations.Migration):
    """Nothing yet."""

    dependencies: ClassVar = [("settlements", "0003_reconciliation")]
    operations: ClassVar = []
