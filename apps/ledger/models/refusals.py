"""What the books refused, under the key it was asked for with."""

from __future__ import annotations

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models

from apps.platform.models.rows import Identified


class Refusal(Identified):
    """That an entry was refused for good: its key gets the same answer again. Never changed.

    ``code`` and ``facts`` are the error's; ``fingerprint`` tells the repeated request from another
    one under its key. What the entry would have said is not kept, only enough to find its author.
    """

    idempotency_key = models.CharField(max_length=320)
    fingerprint = models.BinaryField()
    kind = models.CharField(max_length=50, help_text="The entry's kind.")
    description = models.CharField(max_length=200)
    value_date = models.DateField()
    source_event = models.CharField(max_length=200, blank=True)
    code = models.CharField(max_length=80)
    facts = models.JSONField(encoder=DjangoJSONEncoder, default=dict)
    actor = models.CharField(max_length=221)
    actor_id = models.UUIDField(null=True)
    refused_at = models.DateTimeField()

    class Meta(Identified.Meta):
        db_table = "ledger_refusal"
        ordering = ["-refused_at", "-id"]
        indexes = [models.Index(fields=["refused_at", "id"], name="ledger_refusal_refused_at")]
        constraints = [
            models.UniqueConstraint(fields=["idempotency_key"], name="ledger_refusal_key_once")
        ]

    def __str__(self) -> str:
        return f"{self.code}: {self.description}"
