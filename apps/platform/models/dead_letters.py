"""Events that could not be handled."""

from django.db import models

from apps.platform.models.rows import Identified


class DeadLetter(Identified):
    """A message set aside after its consumer failed on it too often, whole, to be replayed.

    It stands in the books of the tenant it is for. What has no tenant, or contradicts itself about
    its tenant, stands in the platform's.
    """

    consumer = models.CharField(max_length=100)
    stream = models.CharField(max_length=100)
    stream_sequence = models.BigIntegerField()
    subject = models.CharField(max_length=255)
    source = models.CharField(max_length=255, blank=True)
    event_id = models.CharField(max_length=255)
    body = models.TextField()
    headers = models.JSONField(default=dict)
    error_code = models.CharField(max_length=100)
    error = models.TextField()
    failures = models.PositiveSmallIntegerField()
    arrived_at = models.DateTimeField()
    died_at = models.DateTimeField(db_index=True)
    replayed_at = models.DateTimeField(null=True)

    class Meta(Identified.Meta):
        db_table = "platform_dead_letter"
        ordering = ["died_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["consumer", "event_id", "source"], name="platform_dead_letter_once"
            ),
        ]
        indexes = [
            models.Index(
                fields=["died_at"],
                condition=models.Q(replayed_at=None),
                name="platform_dead_letter_waiting",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.event_id} at {self.consumer}"
