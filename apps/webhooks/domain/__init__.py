"""Words, rules and values of webhooks."""

from apps.webhooks.domain.patterns import PATTERN_MAX, PATTERNS_MAX, is_pattern, wants
from apps.webhooks.domain.receipts import (
    AttemptRow,
    DeliveryFilter,
    DeliveryRow,
    DeliveryView,
    EndpointDraft,
    EndpointRow,
    SecretReceipt,
    SecretRow,
)
from apps.webhooks.domain.states import (
    OPEN_DELIVERIES,
    DeliveryState,
    EndpointState,
    Outcome,
)

__all__ = [
    "OPEN_DELIVERIES",
    "PATTERNS_MAX",
    "PATTERN_MAX",
    "AttemptRow",
    "DeliveryFilter",
    "DeliveryRow",
    "DeliveryState",
    "DeliveryView",
    "EndpointDraft",
    "EndpointRow",
    "EndpointState",
    "Outcome",
    "SecretReceipt",
    "SecretRow",
    "is_pattern",
    "wants",
]
