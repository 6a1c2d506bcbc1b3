"""Who did what, when."""

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models

from apps.platform.models.rows import Identified


class AuditRecord(Identified):
    """One use case that was carried out. Written in its transaction, never changed."""

    use_case = models.CharField(max_length=100)
    actor_kind = models.CharField(max_length=20)
    actor_name = models.CharField(max_length=200)
    actor_id = models.UUIDField(null=True)
    subject = models.CharField(max_length=100, blank=True, db_index=True)
    facts = models.JSONField(encoder=DjangoJSONEncoder, default=dict)
    request_id = models.CharField(max_length=64, blank=True)
    trace_id = models.CharField(max_length=32, blank=True)
    recorded_at = models.DateTimeField(db_index=True)

    class Meta(Identified.Meta):
        db_table = "platform_audit_record"
        ordering = ["-recorded_at"]

    def __str__(self) -> str:
        return f"{self.use_case} by {self.actor_kind}:{self.actor_name}"
