"""The sidebar of one request: what this person may open, and how much waits for them there."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from django.http import HttpRequest
from django.urls import reverse

from apps.console.registry import GROUPS, Entry


@dataclass(frozen=True, slots=True)
class Item:
    """A line as the template shows it."""

    title: str
    icon: str
    url: str
    is_active: bool
    badge: int | None


@dataclass(slots=True)
class Group:
    """Lines under one heading; the first group has none."""

    title: str
    items: list[Item] = field(default_factory=list)


def sidebar(request: HttpRequest, entries: Iterable[Entry], active: str = "") -> list[Group]:
    """Groups with at least one line for this person.

    A line is active if its URL name is exactly ``active``, which a page sets to the list it
    belongs to, or else exactly the name of the page itself.
    """
    match = request.resolver_match
    current = active or (match.view_name if match else "")
    groups = {title: Group(title) for title in GROUPS}
    for entry in sorted(entries, key=lambda one: (one.order, one.title)):
        if may_open(request, entry.permission):
            groups.setdefault(entry.group, Group(entry.group)).items.append(
                Item(
                    title=entry.title,
                    icon=entry.icon,
                    url=reverse(entry.url_name),
                    is_active=entry.url_name == current,
                    badge=(entry.badge(request) or None) if entry.badge else None,
                )
            )
    return [group for group in groups.values() if group.items]


def may_open(request: HttpRequest, permission: str) -> bool:
    """True if the signed-in person has the permission; an empty one asks only for a sign-in."""
    return request.user.is_authenticated and (not permission or request.user.has_perm(permission))
