"""The saved views of a list, as tabs."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Q
from django.http import HttpRequest

from apps.console.models import SavedView


@dataclass(frozen=True, slots=True)
class ViewTab:
    """A saved view above its list."""

    id: str
    name: str
    url: str
    is_active: bool
    is_mine: bool
    is_shared: bool


def saved_views(request: HttpRequest, page: str) -> list[ViewTab]:
    """The person's own views of the list, and those that others share."""
    now = _filters(request.GET.urlencode())
    views = SavedView.objects.filter(Q(owner=request.user.pk) | Q(is_shared=True), page=page)
    return [
        ViewTab(
            id=str(view.id),
            name=view.name,
            url=f"?{view.query}",
            is_active=_filters(view.query) == now,
            is_mine=view.owner_id == request.user.pk,
            is_shared=view.is_shared,
        )
        for view in views.order_by("name")
    ]


def _filters(query: str) -> frozenset[str]:
    return frozenset(part for part in query.split("&") if part and not part.startswith("p="))
