"""What can be done with webhooks."""

from apps.webhooks.services.claiming import has_due_deliveries
from apps.webhooks.services.delivering import deliver_due
from apps.webhooks.services.endpoints import (
    activate_endpoint,
    change_endpoint,
    create_endpoint,
    pause_endpoint,
    remove_endpoint,
)
from apps.webhooks.services.purging import purge_deliveries
from apps.webhooks.services.queueing import send_test_event
from apps.webhooks.services.replaying import replay_delivery, start_replay
from apps.webhooks.services.secrets import rotate_secret

__all__ = [
    "activate_endpoint",
    "change_endpoint",
    "create_endpoint",
    "deliver_due",
    "has_due_deliveries",
    "pause_endpoint",
    "purge_deliveries",
    "remove_endpoint",
    "replay_delivery",
    "rotate_secret",
    "send_test_event",
    "start_replay",
]
