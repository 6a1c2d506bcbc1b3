"""Matching in sets, exceptions."""

from __future__ import annotations

from typing import ClassVar

from django.db import migrations


class Migration(migrations.Migration):
    """Nothing yet."""

    dependencies: ClassVar = [("settlements", "0002_guards")]
    operations: ClassVar = []
