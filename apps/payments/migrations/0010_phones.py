"""Phone numbers sealed, found by a blind index."""

from __future__ import annotations

from typing import ClassVar

from django.db import migrations


class Migration(migrations.Migration):
    """Nothing yet."""

    dependencies: ClassVar = [("payments", "0009_operators")]
    operations: ClassVar = []
