"""Late money, verbs of operators, balances of provider accounts."""

from __future__ import annotations

from typing import ClassVar

from django.db import migrations


class Migration(migrations.Migration):
    """Nothing yet."""

    dependencies: ClassVar = [("payments", "0008_routing")]
    operations: ClassVar = []
