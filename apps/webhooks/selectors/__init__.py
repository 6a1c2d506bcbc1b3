"""What can be asked about webhooks."""

from apps.webhooks.selectors.deliveries import (
    deliveries_of,
    delivery,
    delivery_row,
    latest_deliveries,
)
from apps.webhooks.selectors.endpoints import (
    disabled_endpoints,
    endpoint,
    endpoint_row,
    endpoints_with_secrets,
    waiting_for,
)

__all__ = [
    "deliveries_of",
    "delivery",
    "delivery_row",
    "disabled_endpoints",
    "endpoint",
    "endpoint_row",
    "endpoints_with_secrets",
    "latest_deliveries",
    "waiting_for",
]
