"""Saving, renaming and removing views of lists."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import NoReverseMatch, reverse

from apps.console.models import SavedView
from apps.console.pages import Page
from apps.console.refusals import sentence
from apps.console.services import remove_view, rename_view, save_view
from apps.platform.errors import DomainError, Kind


class SaveView(Page):
    """Keep the filters of a list under a name."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Save, say so, and show the list as it was."""
        page, query = request.POST.get("page", ""), request.POST.get("query", "")
        try:
            url = reverse(page)
        except NoReverseMatch:
            return HttpResponseRedirect(self.url_of("index"))
        try:
            save_view(
                page=page,
                name=request.POST.get("name", ""),
                query=query,
                is_shared=request.POST.get("shared") == "1",
                actor=self.actor,
            )
        except DomainError as error:
            messages.error(request, sentence(error))
        else:
            messages.success(request, "The view is saved. It stands above the list.")
        return HttpResponseRedirect(f"{url}?{query}")


class RenameView(Page):
    """Give a saved view of one's own another name."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest, view_id: UUID) -> HttpResponse:
        """Rename it, say so, and show the list as it was."""
        try:
            rename_view(view_id=view_id, name=request.POST.get("name", ""), actor=self.actor)
        except DomainError as error:
            if error.kind is Kind.NOT_FOUND:
                raise
            messages.error(request, sentence(error))
        else:
            messages.success(request, "The view has its new name.")
        view = SavedView.objects.get(id=view_id)
        return HttpResponseRedirect(f"{reverse(view.page)}?{view.query}")


class RemoveView(Page):
    """Forget a saved view of one's own."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest, view_id: UUID) -> HttpResponse:
        """Remove it and go to the whole list."""
        remove_view(view_id=view_id, actor=self.actor)
        messages.success(request, "The view is removed.")
        return HttpResponseRedirect(self.url_of("index"))
