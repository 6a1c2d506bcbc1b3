"""What webhooks hears: everything the house says."""

from __future__ import annotations

from apps.platform.messaging import InboundEvent, consumer
from apps.webhooks.services.queueing import is_wanted, queue_event


@consumer(name="webhooks.events", stream="HOUSE", subject="house.*.>", wants=is_wanted)
def on_event(event: InboundEvent) -> None:
    """Queue it for the endpoints that want it."""
    queue_event(event)
