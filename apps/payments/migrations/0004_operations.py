"""Captures, voids, refunds and disputes."""

from __future__ import annotations

from typing import ClassVar

from django.db import migrations


class Migration(migrations.Migration):
    """Nothing yet."""

    dependencies: ClassVar = [("payments", "0003_provider_stops")]
    operations: ClassVar = []
