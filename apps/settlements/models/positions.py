"""The float a provider account pays from."""

from __future__ import annotations

from django.db import models

from apps.platform.models.rows import Identified


class FloatPosition(Identified):
    """One row for each provider account that pays out: locked while a batch reserves its float.

    The amounts themselves are in the ledger; this row only makes two releases take turns.
    """

    provider_account = models.CharField(max_length=60, unique=True)
    created_at = models.DateTimeField()

    class Meta(Identified.Meta):
        db_table = "settlements_float_position"

    def __str__(self) -> str:
        return self.provider_account
