"""Publish events again from the outbox."""

from datetime import UTC, datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from apps.platform.errors import DomainError
from apps.platform.messaging.process import connected
from apps.platform.messaging.replay import replay_outbox
from apps.platform.messaging.tenants import Place, find_place, ready_places


class Command(BaseCommand):
    """``manage.py outbox_replay --since 2026-11-01T00:00Z [--tenant mara]``."""

    help = "Publish again, under their old ids, the events recorded since a time (UTC)."

    def add_arguments(self, parser: CommandParser) -> None:
        """Since when, and whose."""
        parser.add_argument("--since", required=True, help="ISO 8601; without a zone it is UTC")
        parser.add_argument("--tenant", help="slug; without it all that are ready")

    def handle(self, *args: object, **options: Any) -> None:
        """Publish and say how many for each tenant."""
        since = _instant(options["since"])
        with connected("replay") as broker:
            for place in _places(options["tenant"]):
                try:
                    count = replay_outbox(broker, place, since)
                except DomainError as error:
                    raise CommandError(f"{place.slug}: {error}. Run it again.") from error
                self.stdout.write(f"{place.slug}: {count} events published again")


def _places(slug: str | None) -> list[Place]:
    if slug is None:
        return ready_places()
    place = find_place(slug)
    if place is None:
        raise CommandError(f"There is no tenant {slug!r}.")
    return [place]


def _instant(text: str) -> datetime:
    try:
        time = datetime.fromisoformat(text)
    except ValueError as error:
        raise CommandError(
            f"--since: {text!r} is not a time, such as 2026-11-01T00:00Z."
        ) from error
    return time if time.tzinfo else time.replace(tzinfo=UTC)
