"""Tables of webhooks."""

from apps.webhooks.models.deliveries import Attempt, Delivery, Message
from apps.webhooks.models.endpoints import Endpoint, EndpointSecret

__all__ = ["Attempt", "Delivery", "Endpoint", "EndpointSecret", "Message"]
