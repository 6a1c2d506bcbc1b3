"""Answers kept so that a repeated request is answered, not done again."""

from __future__ import annotations

from django.db import models

from apps.platform.models.rows import Identified


class IdempotencyKey(Identified):
    """One intention of one client. Inserted, with its answer, in the transaction of its effect.

    ``scope`` is the client, ``fingerprint`` the SHA-256 of what it asked for. ``body`` is the
    answer's JSON as text, so that a replay repeats it to the letter; that of a success is emptied
    after 30 days (``answer_purged_at``) because it may hold personal data. The rest stays.
    """

    scope = models.CharField(max_length=100)
    key = models.CharField(max_length=255)
    fingerprint = models.BinaryField(max_length=32)
    status = models.PositiveSmallIntegerField(null=True)
    body = models.TextField(blank=True)
    object_id = models.CharField(max_length=100, blank=True)
    created_at = models.DateTimeField()
    answer_purged_at = models.DateTimeField(null=True)

    class Meta(Identified.Meta):
        db_table = "platform_idempotency_key"
        constraints = [
            models.UniqueConstraint(fields=["scope", "key"], name="platform_idempotency_key_once"),
            models.CheckConstraint(
                name="platform_idempotency_key_answer_final",
                condition=models.Q(status=None)
                | models.Q(status__range=(200, 299))
                | models.Q(status__range=(400, 499)),
            ),
        ]
        indexes = [
            models.Index(
                fields=["created_at"],
                condition=models.Q(answer_purged_at=None),
                name="platform_idempotency_unpurged",
            ),
        ]

    def __str__(self) -> str:
        return self.key
