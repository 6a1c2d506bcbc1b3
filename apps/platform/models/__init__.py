"""Tables every schema has, whatever its business."""

from apps.platform.models.audit import AuditRecord
from apps.platform.models.outbox import OutboxMessage
from apps.platform.models.rows import TenantManager, TenantRow

__all__ = ["AuditRecord", "OutboxMessage", "TenantManager", "TenantRow"]
