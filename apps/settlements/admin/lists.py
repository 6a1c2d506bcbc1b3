"""A list at an address of our own choosing."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db.models import Model
from django.http import HttpRequest, HttpResponseBase
from django.views import View

from apps.console.lists import ReadOnlyAdmin
from apps.console.site import console_site


class NamedListAdmin(ReadOnlyAdmin):
    """A list whose address is ``list_url_name`` instead of the one made of the model's name."""

    list_url_name: ClassVar[str] = ""

    def url_name(self) -> str:
        """Its name in the sidebar, in saved views and in links."""
        return self.list_url_name


class ListView(View):
    """Serves the list that is registered for ``model``."""

    site: Any = None
    model: type[Model] | None = None

    def get(self, request: HttpRequest) -> HttpResponseBase:
        """The list as the URL filters it."""
        admin = console_site.get_model_admin(self.model)
        answer: HttpResponseBase = admin.changelist_view(request)
        return answer
