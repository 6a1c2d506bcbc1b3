"""Pay-ins nobody asked for, and receipts recorded by hand."""

from __future__ import annotations

from typing import ClassVar

from django.db import migrations


class Migration(migrations.Migration):
    """Nothing yet."""

    dependencies: ClassVar = [("payments", "0004_operations")]
    operations: ClassVar = []
