"""Saving a list's filters under a name."""

from __future__ import annotations

from urllib.parse import parse_qsl, urlencode
from uuid import UUID

from apps.console.errors import TooManyViews, UnnamedView, ViewNameTaken, ViewNotFound
from apps.console.models import SavedView
from apps.platform import audit, clock
from apps.platform.actors import Actor
from apps.platform.use_cases import use_case

NAME_LENGTH_MAX = 60
VIEWS_PER_PAGE_MAX = 20
#: Parts of an address that are not filters.
NOT_FILTERS = frozenset({"p", "export"})


@use_case("console.save_view")
def save_view(*, page: str, name: str, query: str, is_shared: bool, actor: Actor) -> UUID:
    """Keep the filters under the name; saving the same name again replaces them."""
    name = _checked(name)
    filters = urlencode([pair for pair in parse_qsl(query) if pair[0] not in NOT_FILTERS])
    mine = SavedView.objects.filter(page=page, owner=actor.id)
    if mine.exclude(name=name).count() >= VIEWS_PER_PAGE_MAX:
        raise TooManyViews(limit=VIEWS_PER_PAGE_MAX)
    view, _ = SavedView.objects.update_or_create(
        page=page,
        owner_id=actor.id,
        name=name,
        defaults={"query": filters, "is_shared": is_shared},
        create_defaults={"query": filters, "is_shared": is_shared, "created_at": clock.now()},
    )
    audit.note(page, view=name)
    return view.id


@use_case("console.rename_view")
def rename_view(*, view_id: UUID, name: str, actor: Actor) -> None:
    """Give a view of one's own another name; somebody else's is not found.

    Repeating changes nothing. ``ViewNameTaken`` when another of one's views of that list bears it.
    """
    name = _checked(name)
    mine = SavedView.objects.select_for_update().filter(owner=actor.id)
    view = mine.filter(id=view_id).first()
    if view is None:
        raise ViewNotFound
    if mine.filter(page=view.page, name=name).exclude(id=view.id).exists():
        raise ViewNameTaken(name=name)
    view.name = name
    view.save(update_fields=["name"])
    audit.note(view.page, view=name)


@use_case("console.remove_view")
def remove_view(*, view_id: UUID, actor: Actor) -> None:
    """Forget a view of one's own; somebody else's is not found."""
    gone, _ = SavedView.objects.filter(id=view_id, owner=actor.id).delete()
    if not gone:
        raise ViewNotFound
    audit.note("saved view")


def _checked(name: str) -> str:
    name = name.strip()
    if not 1 <= len(name) <= NAME_LENGTH_MAX:
        raise UnnamedView
    return name
