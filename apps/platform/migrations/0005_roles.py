"""The roles of the database."""

from __future__ import annotations

from typing import ClassVar

from django.db import migrations


class Migration(migrations.Migration):
    """Nothing yet."""

    dependencies: ClassVar = [("platform", "0004_retention")]
    operations: ClassVar = []
