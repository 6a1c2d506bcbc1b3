"""Tables every schema has, whatever its business."""

from apps.platform.models.audit import AuditRecord
from apps.platform.models.dead_letters import DeadLetter
from apps.platform.models.idempotency import IdempotencyKey
from apps.platform.models.inbox import InboxMessage
from apps.platform.models.jobs import Job, JobState
from apps.platform.models.outbox import OutboxMessage
from apps.platform.models.retention import Retention
from apps.platform.models.rows import TenantManager, TenantRow

__all__ = [
    "AuditRecord",
    "DeadLetter",
    "IdempotencyKey",
    "InboxMessage",
    "Job",
    "JobState",
    "OutboxMessage",
    "Retention",
    "TenantManager",
    "TenantRow",
]
