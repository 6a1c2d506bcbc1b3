"""The report page: figures as of some moment, on screen, on paper and in a file."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, ClassVar

from django import forms
from django.http import HttpRequest, HttpResponse

from apps.console.exporting import csv_response, table_rows
from apps.console.pages.base import Page
from apps.console.saved import saved_views
from apps.console.values import Fact, Link, Table
from apps.platform.errors import DomainError


class ReportPage(Page):
    """Tables computed from parameters that live in the URL, so a report can be sent on.

    ``?export=csv`` answers the same tables as a file. The parameters can be kept as a saved view,
    beside those that others share.
    """

    template_name: ClassVar[str] = "console/report.html"
    #: The parameters, if there are any; sent with GET.
    form_class: ClassVar[type[forms.Form] | None] = None
    intro: ClassVar[str] = ""
    export_kinds: ClassVar[Sequence[str]] = ("csv",)

    def initial(self) -> dict[str, Any]:
        """Parameters that were not given."""
        return {}

    def headline(self, parameters: dict[str, Any]) -> Sequence[Fact]:
        """The few figures that matter most."""
        return ()

    def tables(self, parameters: dict[str, Any]) -> Sequence[Table]:
        """The report itself."""
        raise NotImplementedError

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Compute and show, or hand out the file."""
        form, parameters = self._parameters()
        if self.form_class is not None and form is not None and form.errors and not request.GET:
            return self.show(form=self.form_class(initial=self.initial()))
        if form is not None and form.errors:
            return self.show(status=422, form=form, tables=[], headline=[])
        if request.GET.get("export") in self.export_kinds:
            return self.file(parameters, request.GET["export"])
        try:
            shown = self.shown(parameters)
        except DomainError as error:
            return self.not_done(error, form=form, exports=self._exports())
        return self.show(form=form, exports=self._exports(), **shown)

    def shown(self, parameters: dict[str, Any]) -> dict[str, Any]:
        """What the page says for these parameters."""
        return {"tables": self.tables(parameters), "headline": self.headline(parameters)}

    def file(self, parameters: dict[str, Any], kind: str) -> HttpResponse:
        """The report as a file of one of the ``export_kinds``."""
        return csv_response(self._file_name(), self._records(parameters))  # type: ignore[return-value]  # streaming

    def context(self) -> dict[str, Any]:
        """The saved views above the report."""
        page_name = self._line()
        return {
            "page_name": page_name,
            "is_filtered": any(self.request.GET.values()),
            "views": saved_views(self.request, page_name) if page_name else [],
        }

    def _parameters(self) -> tuple[forms.Form | None, dict[str, Any]]:
        if self.form_class is None:
            return None, {}
        given = self.request.GET.dict()
        defaults = {name: value for name, value in self.initial().items() if name not in given}
        form = self.form_class({**defaults, **given})
        return form, form.cleaned_data if form.is_valid() else {}

    def _exports(self) -> list[Link]:
        query = self.request.GET.copy()
        links = []
        for kind in self.export_kinds:
            query["export"] = kind
            links.append(Link(kind.upper(), f"?{query.urlencode()}"))
        return links

    def _file_name(self) -> str:
        return self.page_title().lower().replace(" ", "-")

    def _records(self, parameters: dict[str, Any]) -> Iterator[list[str]]:
        for table in self.tables(parameters):
            yield from table_rows(table)
            yield []
