"""Carry events from the outboxes to JetStream until told to stop."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from apps.platform.messaging.process import add_metrics_arguments, connected, running
from apps.platform.messaging.relay import Relay
from apps.tenancy.boot import refuse_to_start


class Command(BaseCommand):
    """``manage.py run_relay``; several may run."""

    help = "Publish committed events to JetStream. SIGTERM ends it after the batch in hand."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        """Metrics only."""
        add_metrics_arguments(parser)

    def handle(self, *args: object, **options: Any) -> None:
        """Run until told to stop."""
        refuse_to_start()
        with running("relay", options, with_readings=True) as stop, connected("relay") as broker:
            Relay(broker).run(stop)
