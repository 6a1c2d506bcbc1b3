"""How things came to be in the state they are in."""

from __future__ import annotations

from django.db import models

from apps.platform.models.rows import Identified


class StateEvent(Identified):
    """One change of state of a batch, disbursement or break. Append-only."""

    what = models.CharField(max_length=20)
    subject = models.UUIDField(db_index=True)
    from_state = models.CharField(max_length=30, blank=True)
    to_state = models.CharField(max_length=30)
    actor = models.CharField(max_length=200)
    reason = models.CharField(max_length=1000, blank=True)
    recorded_at = models.DateTimeField()

    class Meta(Identified.Meta):
        db_table = "settlements_state_event"
        ordering = ["recorded_at", "id"]

    def __str__(self) -> str:
        return f"{self.what} {self.from_state} > {self.to_state}"
