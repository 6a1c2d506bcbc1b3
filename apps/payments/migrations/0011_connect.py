"""Connected accounts and their transfers."""

from __future__ import annotations

from typing import ClassVar

from django.db import migrations


class Migration(migrations.Migration):
    """Nothing yet."""

    dependencies: ClassVar = [("payments", "0010_phones")]
    operations: ClassVar = []
