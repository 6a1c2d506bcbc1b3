"""Events on their way out."""

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models

from apps.platform.models.rows import Identified


class OutboxMessage(Identified):
    """An event waiting for, or past, publication. Its id is the event's id on the stream.

    Written in the transaction that made the fact true. ``sequence`` orders the events of one
    aggregate without gaps; there is no order across aggregates. ``traceparent`` continues the
    trace of the request that caused it (W3C Trace Context).
    """

    name = models.CharField(max_length=100)
    version = models.PositiveSmallIntegerField()
    aggregate = models.CharField(max_length=100)
    sequence = models.PositiveIntegerField()
    payload = models.JSONField(encoder=DjangoJSONEncoder)
    traceparent = models.CharField(max_length=64, blank=True)
    correlation = models.CharField(max_length=100, blank=True)
    recorded_at = models.DateTimeField()
    published_at = models.DateTimeField(null=True)

    class Meta(Identified.Meta):
        db_table = "platform_outbox_message"
        constraints = [
            models.UniqueConstraint(
                fields=["aggregate", "sequence"], name="platform_outbox_message_sequence_once"
            ),
        ]
        indexes = [
            models.Index(
                fields=["recorded_at"],
                condition=models.Q(published_at=None),
                name="platform_outbox_unpublished",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name}.v{self.version}"
