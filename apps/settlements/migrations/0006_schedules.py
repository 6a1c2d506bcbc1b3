"""Calendars, cut-offs and payout schedules."""

from __future__ import annotations

from typing import ClassVar

from django.db import migrations


class Migration(migrations.Migration):
    """Nothing yet."""

    dependencies: ClassVar = [("settlements", "0005_payees")]
    operations: ClassVar = []
