"""Events between the house and its neighbours, and between its own apps, through JetStream."""

from apps.platform.messaging.consumers import consumer
from apps.platform.messaging.envelope import InboundEvent

__all__ = ["InboundEvent", "consumer"]
