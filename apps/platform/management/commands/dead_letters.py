"""List the events that were set aside, and try them again."""

from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError, CommandParser

from apps.platform.actors import SYSTEM
from apps.platform.errors import DomainError
from apps.platform.messaging.dead_letters import replay_dead_letter, waiting_dead_letters
from apps.platform.messaging.tenants import Place, find_place, ready_places


class Command(BaseCommand):
    """``manage.py dead_letters [--tenant mara [--replay ID | --replay-all]]``."""

    help = "List dead letters; with --replay or --replay-all hand them to their consumers again."

    def add_arguments(self, parser: CommandParser) -> None:
        """Whose, and what to do."""
        parser.add_argument("--tenant", help="slug, or 'platform' for those of no certain tenant")
        parser.add_argument("--replay", metavar="ID", type=UUID)
        parser.add_argument("--replay-all", action="store_true")

    def handle(self, *args: object, **options: Any) -> None:
        """List, or replay and say what came of it."""
        if options["replay"] or options["replay_all"]:
            self._replay(options)
            return
        for place in _places(options["tenant"]):
            with place.enter():
                for row in waiting_dead_letters():
                    self.stdout.write(
                        f"{place.slug}  {row.id}  {row.died_at:%Y-%m-%d %H:%MZ}  {row.consumer}"
                        f"  {row.event_id}  {row.error_code}: {row.error}"
                    )

    def _replay(self, options: dict[str, Any]) -> None:
        if not options["tenant"]:
            raise CommandError("Say whose: --tenant SLUG.")
        (place,) = _places(options["tenant"])
        with place.enter():
            chosen = [options["replay"]] if options["replay"] else _all_ids()
            refused = sum(not self._try(id) for id in chosen)
        if refused:
            raise CommandError(f"{refused} of {len(chosen)} failed again and go on waiting.")

    def _try(self, id: UUID) -> bool:
        try:
            ran = replay_dead_letter(dead_letter_id=id, actor=SYSTEM)
        except DomainError as error:
            self.stderr.write(f"{id}: {error}")
            return False
        except Exception as error:  # noqa: BLE001  the handler's own bug must not stop the others
            self.stderr.write(f"{id}: {error!r}")
            return False
        self.stdout.write(f"{id}: {'handled' if ran else 'had been handled already'}")
        return True


def _all_ids() -> list[UUID]:
    return [row.id for row in waiting_dead_letters(limit=1000)]


def _places(slug: str | None) -> list[Place]:
    if slug is None:
        return ready_places()
    place = find_place(slug)
    if place is None:
        raise CommandError(f"There is no tenant {slug!r}.")
    return [place]
