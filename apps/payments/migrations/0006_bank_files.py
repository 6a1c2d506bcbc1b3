"""Files exchanged with banks."""

from __future__ import annotations

from typing import ClassVar

from django.db import migrations


class Migration(migrations.Migration):
    """Nothing yet."""

    dependencies: ClassVar = [("payments", "0005_pay_ins")]
    operations: ClassVar = []
