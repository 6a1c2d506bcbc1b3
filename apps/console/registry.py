"""What other apps bring to the console: pages, cards and searches.

Called from an app's ``admin`` package, which Django imports once at start-up. ``site`` is
``"console"`` for a tenant's console or ``"platform"`` for the platform's own.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.http import HttpRequest
from django.views import View

from apps.console.cards import Card
from apps.console.search import FindHits, SearchEntry

#: Groups in the order of the sidebar; a name not listed here comes after them.
GROUPS = (
    "",
    "Money in",
    "Money out",
    "Reconcile",
    "Ledger",
    "Compliance",
    "Developers",
    "Operations",
    "Settings",
)

Badge = Callable[[HttpRequest], int | None]
BuildCard = Callable[[HttpRequest], Card | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A line of the sidebar."""

    group: str
    title: str
    icon: str
    url_name: str
    permission: str
    badge: Badge | None = None
    order: int = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class CardEntry:
    """A card of the dashboard and who may see it."""

    build: BuildCard
    permission: str
    order: int = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """A page of ours and where it is."""

    path: str
    view: type[View]
    name: str
    options: dict[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class Registry:
    """All that was registered for one site."""

    pages: list[Entry] = field(default_factory=list)
    cards: list[CardEntry] = field(default_factory=list)
    searches: list[SearchEntry] = field(default_factory=list)
    routes: list[Route] = field(default_factory=list)


registries: dict[str, Registry] = {"console": Registry(), "platform": Registry()}


def register_page(  # noqa: PLR0913  a line of the sidebar has this many parts
    group: str,
    title: str,
    icon: str,
    url_name: str,
    permission: str,
    *,
    badge: Badge | None = None,
    order: int = 100,
    site: str = "console",
) -> None:
    """Put a page into the sidebar. ``badge`` counts the work that waits for the person asking.

    ``icon`` is a name of Material Symbols; ``url_name`` is complete (``console:ledger_…``); the
    line is hidden from people without ``permission`` (an empty text means everyone).
    """
    entry = Entry(
        group=group,
        title=title,
        icon=icon,
        url_name=url_name,
        permission=permission,
        badge=badge,
        order=order,
    )
    registries[site].pages.append(entry)


def register_view(
    path: str, view: type[View], *, name: str, site: str = "console", **options: Any
) -> None:
    """Serve a page class below the site's root: ``register_view("ledger/entry/<str:key>", …)``."""
    registries[site].routes.append(Route(path=path, view=view, name=name, options=options))


def register_card(
    build: BuildCard, *, permission: str, order: int = 100, site: str = "console"
) -> None:
    """Put a card on the dashboard. ``build`` may answer ``None``: there is nothing to show."""
    registries[site].cards.append(CardEntry(build=build, permission=permission, order=order))


def register_search(
    kind: str,
    find: FindHits,
    *,
    permission: str,
    prefixes: Sequence[str] = (),
    site: str = "console",
) -> None:
    """Let the command dialog find a kind of thing.

    ``find(text, limit)`` answers exact matches first, then prefixes, with bounded, indexed
    queries in the present tenant. When ``text`` starts with one of another kind's ``prefixes``,
    only that kind is asked.
    """
    entry = SearchEntry(kind=kind, find=find, permission=permission, prefixes=tuple(prefixes))
    registries[site].searches.append(entry)
