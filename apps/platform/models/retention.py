"""How far back events are kept."""

from django.db import models

from apps.platform.models.rows import Identified


class Retention(Identified):
    """One row in each tenant's books, moved forward by the sweep that removes old events.

    Events recorded before ``events_since`` may be gone; the database removes no younger one, and
    the laws of the books ask for every one since then. ``highest_sequence`` is the greatest number
    a removed event bore: an aggregate that has none left goes on behind it.
    """

    events_since = models.DateTimeField()
    highest_sequence = models.PositiveIntegerField(default=0)

    class Meta(Identified.Meta):
        db_table = "platform_retention"
        constraints = [
            models.UniqueConstraint(fields=["tenant"], name="platform_retention_one_row"),
        ]

    def __str__(self) -> str:
        return f"events since {self.events_since:%Y-%m-%d}"
