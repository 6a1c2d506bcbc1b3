"""Finding anything by its reference: JSON for the dialog, a page for everyone else."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any, ClassVar

from django.http import HttpRequest, HttpResponse, JsonResponse

from apps.console.pages import Page
from apps.console.search import found


class Search(Page):
    """``?q=`` is a reference or its beginning. Nothing is cached, nothing crosses tenants."""

    title: ClassVar[str] = "Find"
    template_name: ClassVar[str] = "console/found.html"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Ask every kind this person may see."""
        text = request.GET.get("q", "")
        results = found(self.site.registry.searches, request.user, text)
        if "application/json" in request.headers.get("Accept", ""):
            return JsonResponse({"results": [asdict(result) for result in results]})
        return self.show(text=text, results=results)
