"""Payees: versions of their details, verification, cooling-off."""

from __future__ import annotations

from typing import ClassVar

from django.db import migrations


class Migration(migrations.Migration):
    """Nothing yet."""

    dependencies: ClassVar = [("settlements", "0004_approvals")]
    operations: ClassVar = []
