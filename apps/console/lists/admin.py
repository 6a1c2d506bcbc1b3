"""The base of every list: nothing can be added, changed or deleted through it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, ClassVar

from django.contrib import messages
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.utils import label_for_field
from django.contrib.admin.views.main import ChangeList
from django.db.models import Model
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from unfold.admin import ModelAdmin

from apps.console.exporting import cells, csv_response, header
from apps.console.lists.columns import money_columns, row_values
from apps.console.lists.exports import ROWS_AT_ONCE_MAX, ROWS_MAX, start_export
from apps.console.lists.frame import frame_of
from apps.console.lists.paging import BoundedPaginator
from apps.console.navigation import may_open
from apps.console.refusals import forbidden
from apps.console.saved import saved_views
from apps.console.services import note_export
from apps.console.shell import shell
from apps.console.values import Link, Value
from apps.identity.people import actor_of

EXPORT_VAR = "export"


class ReadOnlyAdmin(ModelAdmin):
    """A list one can search, filter, save, export and open, and nothing else.

    Columns are names in ``list_display``: of fields, or of methods that answer a value of
    ``apps.console.values`` (or plain text, numbers, times, ``Money``). A method that answers money
    says so in its annotation, ``-> Money``. Rows lead to ``object_url``.
    """

    #: What a person needs to see the list; required.
    permission: ClassVar[str] = ""
    #: URL name of the object page, called with ``object_key``; without one, rows lead nowhere.
    object_url_name: ClassVar[str] = ""
    #: The heading; the model's plural name if empty.
    title: ClassVar[str] = ""
    intro: ClassVar[str] = ""
    #: What the box of the search says it looks for.
    search_help: ClassVar[str] = ""
    empty_title: ClassVar[str] = "Nothing here yet"
    empty_advice: ClassVar[str] = ""
    #: Buttons beside the heading: what leads to a form page, say; (label, URL name, permission).
    links: ClassVar[Sequence[tuple[str, str, str]]] = ()

    change_list_template = "console/list.html"
    actions: ClassVar[Any] = None
    list_per_page = 50
    show_full_result_count = False
    paginator = BoundedPaginator
    list_display_links: ClassVar[Any] = None

    # --- nothing changes here
    def has_add_permission(self, request: HttpRequest) -> bool:
        """Nobody."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Nobody."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Nobody."""
        return False

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Whoever has the list's permission."""
        return may_open(request, self.permission)

    def has_module_permission(self, request: HttpRequest) -> bool:
        """The same."""
        return self.has_view_permission(request)

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        """None: what can be done with a thing is on its own page."""
        return {}

    def get_urls(self) -> list[URLPattern]:
        """The list, and a short way from a primary key to the object page."""
        model = self.model._meta
        name = f"{model.app_label}_{model.model_name}"
        view = self.admin_site.admin_view
        return [
            path("", view(self.changelist_view), name=f"{name}_changelist"),
            path("<path:object_id>/", view(self.change_view), name=f"{name}_change"),
        ]

    # --- where rows lead
    def object_key(self, thing: Any) -> str:
        """What names the thing in the object page's URL."""
        return str(thing.pk)

    def object_url(self, thing: Any) -> str:
        """The address of the thing's own page, or nothing."""
        if not self.object_url_name:
            return ""
        return reverse(self.object_url_name, args=[self.object_key(thing)])

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Lead to the object page."""
        if not self.has_view_permission(request):
            return forbidden(request, self.permission)
        thing = self.get_object(request, object_id)
        url = self.object_url(thing) if thing is not None else ""
        if not url:
            raise Http404
        return HttpResponseRedirect(url)

    # --- the list
    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponseBase:
        """The list as the URL filters it, or its export."""
        if not self.has_view_permission(request):
            return forbidden(request, self.permission)
        wants_file = EXPORT_VAR in request.GET
        filters = request.GET.copy()
        filters.pop(EXPORT_VAR, None)
        request.GET = filters  # type: ignore[assignment]  # the list reads its filters from it
        try:
            changes = self.get_changelist_instance(request)
        except IncorrectLookupParameters:
            messages.warning(request, "That address holds a filter this list does not know.")
            return HttpResponseRedirect(request.path)
        if wants_file:
            return self._export(request, changes)
        return TemplateResponse(request, self.change_list_template, self._context(request, changes))

    def url_name(self) -> str:
        """The list's complete URL name; also its line in the sidebar."""
        model = self.model._meta
        return f"{self.admin_site.name}:{model.app_label}_{model.model_name}_changelist"

    def list_title(self) -> str:
        """The heading."""
        return self.title or str(self.model._meta.verbose_name_plural).capitalize()

    def columns(self, request: HttpRequest) -> list[str]:
        """Headings in order."""
        return [
            str(label_for_field(name, self.model, model_admin=self))[:1].upper()
            + str(label_for_field(name, self.model, model_admin=self))[1:]
            for name in self.get_list_display(request)
        ]

    def get_list_display(self, request: HttpRequest) -> Sequence[str]:
        """The columns as they are declared: there are no boxes to tick."""
        return list(self.list_display)

    def values(self, request: HttpRequest, thing: Any) -> list[Value]:
        """One row."""
        return row_values(self, thing, self.get_list_display(request))

    def file_rows(self, request: HttpRequest, changes: ChangeList) -> Iterator[list[str]]:
        """The rows of the export: exactly the filtered list, all pages of it."""
        money = money_columns(self, self.get_list_display(request))
        yield header(self.columns(request), money)
        for thing in changes.queryset.iterator(chunk_size=500):
            yield cells(self.values(request, thing), money)

    def _export(self, request: HttpRequest, changes: ChangeList) -> HttpResponseBase:
        """Short lists at once; long ones as a job that may be left alone."""
        count = changes.queryset[: ROWS_MAX + 1].count()
        name = self.list_title().lower().replace(" ", "-")
        query = request.GET.urlencode()
        actor = actor_of(request.user)
        is_short = count <= ROWS_AT_ONCE_MAX
        job_url = "" if is_short else start_export(self, query, count, actor)
        note_export(page=self.url_name(), query=query, rows=count, actor=actor)
        if is_short:
            return csv_response(name, self.file_rows(request, changes))
        messages.info(request, "The list is long, so a worker writes the file. It waits here.")
        return HttpResponseRedirect(job_url)

    def _context(self, request: HttpRequest, changes: ChangeList) -> dict[str, Any]:
        page = self.url_name()
        return {
            **shell(request, self.admin_site, page),
            "title": self.list_title(),
            "intro": self.intro,
            "cl": changes,
            "frame": frame_of(request, self, changes),
            "admin": self,
            "search_help": self.search_help or "Search",
            "empty_title": self.empty_title,
            "empty_advice": self.empty_advice,
            "views": saved_views(request, page),
            "page_name": page,
            "links": [
                Link(label, reverse(name))
                for label, name, permission in self.links
                if may_open(request, permission)
            ],
        }
