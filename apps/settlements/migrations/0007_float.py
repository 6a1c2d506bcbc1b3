"""Positions, forecasts and levels of float."""

from __future__ import annotations

from typing import ClassVar

from django.db import migrations


class Migration(migrations.Migration):
    """Nothing yet."""

    dependencies: ClassVar = [("settlements", "0006_schedules")]
    operations: ClassVar = []
