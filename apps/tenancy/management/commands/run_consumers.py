"""Hand events from JetStream to the apps' consumers until told to stop."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from apps.platform.messaging.consumers import all_consumers, consumer_named
from apps.platform.messaging.process import add_metrics_arguments, connected, running
from apps.platform.messaging.runner import Runner
from apps.tenancy.boot import refuse_to_start


class Command(BaseCommand):
    """``manage.py run_consumers [--only NAME]``; several may run."""

    help = "Run the consumers of all apps. SIGTERM ends it after the events in hand."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        """Which, and metrics."""
        parser.add_argument("--only", metavar="NAME", help="run this consumer alone")
        parser.add_argument("--list", action="store_true", help="print the consumers and end")
        add_metrics_arguments(parser)

    def handle(self, *args: object, **options: Any) -> None:
        """Run until told to stop."""
        chosen = [consumer_named(options["only"])] if options["only"] else all_consumers()
        if options["list"]:
            for consumer in chosen:
                self.stdout.write(f"{consumer.name}  {consumer.stream.name}  {consumer.subject}")
            return
        refuse_to_start()
        with (
            running("consumers", options, with_readings=False) as stop,
            connected("consumers") as broker,
        ):
            runner = Runner(broker, chosen)
            runner.start()
            stop.wait()
            runner.stop()
