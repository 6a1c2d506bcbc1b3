"""Events that arrived."""

from django.db import models

from apps.platform.models.rows import Identified


class InboxMessage(Identified):
    """One event at one consumer. ``handled_at`` is written with the work the event caused.

    JetStream delivers at least once, and an acknowledgement can be lost with the server (measured:
    fifty confirmed acknowledgements gone after a kill). This row, not the acknowledgement, is what
    makes the effect happen once. ``failures`` counts tries that ended in an error of ours.
    """

    consumer = models.CharField(max_length=100)
    source = models.CharField(max_length=255)
    event_id = models.CharField(max_length=255)
    received_at = models.DateTimeField()
    handled_at = models.DateTimeField(null=True)
    failures = models.PositiveSmallIntegerField(default=0)

    class Meta(Identified.Meta):
        db_table = "platform_inbox_message"
        constraints = [
            # CloudEvents 1.0, 3.1: source and id together name an event.
            models.UniqueConstraint(
                fields=["consumer", "event_id", "source"], name="platform_inbox_message_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.event_id} at {self.consumer}"
