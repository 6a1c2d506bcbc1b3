"""The report page: figures as of some moment, on screen, on paper and in a file."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, ClassVar

from django import forms
from django.http import HttpRequest, HttpResponse

from apps.console.exporting import csv_response, table_rows
from apps.console.pages.base import Page
from apps.console.values import Fact, Table


class ReportPage(Page):
    """Tables computed from parameters that live in the URL, so a report can be sent on.

    ``?export=csv`` answers the same tables as a file.
    """

    template_name: ClassVar[str] = "console/report.html"
    #: The parameters, if there are any; sent with GET.
    form_class: ClassVar[type[forms.Form] | None] = None
    intro: ClassVar[str] = ""

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
        if form is not None and form.errors:
            return self.show(status=422, form=form, tables=[], headline=[])
        if request.GET.get("export") == "csv":
            return csv_response(self._file_name(), self._records(parameters))  # type: ignore[return-value]  # streaming
        return self.show(
            form=form,
            tables=self.tables(parameters),
            headline=self.headline(parameters),
            export_url=f"?{self._query()}",
        )

    def _parameters(self) -> tuple[forms.Form | None, dict[str, Any]]:
        if self.form_class is None:
            return None, {}
        given = self.request.GET.dict()
        defaults = {name: value for name, value in self.initial().items() if name not in given}
        form = self.form_class({**defaults, **given})
        return form, form.cleaned_data if form.is_valid() else {}

    def _query(self) -> str:
        query = self.request.GET.copy()
        query["export"] = "csv"
        return query.urlencode()

    def _file_name(self) -> str:
        return self.page_title().lower().replace(" ", "-")

    def _records(self, parameters: dict[str, Any]) -> Iterator[list[str]]:
        for table in self.tables(parameters):
            yield from table_rows(table)
            yield []
