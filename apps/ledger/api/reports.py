"""Reports over HTTP: ``/v1/ledger/reports/…``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from django.http import Http404, HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from apps.ledger.selectors.reports import REPORTS, Question, report
from apps.ledger.services import start_report
from apps.platform.api.endpoints import Endpoint
from apps.platform.api.fields import MoneyField
from apps.platform.documents import CONTENT_TYPES, Cell, Document, Line, as_file, file_name
from apps.platform.idempotency import money_body
from apps.platform.ids import public_id
from apps.platform.money import Money

READ = "ledger:read"


class ReportQuery(serializers.Serializer):
    """Value dates, both included, and which part of the books."""

    starts = serializers.DateField(required=False)
    ends = serializers.DateField(required=False, help_text="Left out: all that is posted so far.")
    compare_starts = serializers.DateField(required=False)
    compare_ends = serializers.DateField(required=False)
    account = serializers.CharField(
        max_length=64, required=False, help_text="An account, or a header for all below it."
    )
    currency = serializers.CharField(max_length=12, required=False)
    without_closings = serializers.BooleanField(required=False)
    dimension = serializers.CharField(max_length=40, required=False)
    answer = serializers.CharField(max_length=100, required=False)


class ReportFileQuery(ReportQuery):
    """The same, and what kind of file."""

    type = serializers.ChoiceField(sorted(CONTENT_TYPES))


class FactSerializer(serializers.Serializer):
    """What a report says about itself."""

    label = serializers.CharField()  # type: ignore[assignment]  # a field, not the base class's label
    text = serializers.CharField()


class CheckSerializer(serializers.Serializer):
    """What must be true of the figures, and whether it is."""

    holds = serializers.BooleanField()
    text = serializers.CharField()


class ColumnSerializer(serializers.Serializer):
    """A column of figures."""

    name = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]  # a field, not the base class's label
    kind = serializers.ChoiceField(["text", "code", "amount", "date", "count"])


class ReportLineSerializer(serializers.Serializer):
    """One line. ``values`` has what each column holds, by name: text, a date or an amount."""

    weight = serializers.ChoiceField(["line", "header", "total"])
    depth = serializers.IntegerField()
    about = serializers.DictField(child=serializers.CharField())
    values = serializers.DictField(child=MoneyField(allow_null=True))


class SectionSerializer(serializers.Serializer):
    """Lines with amounts of one currency."""

    title = serializers.CharField()
    currency = serializers.CharField()
    lines = ReportLineSerializer(many=True)


class ReportSerializer(serializers.Serializer):
    """A report, as it also stands on screen and in files."""

    report = serializers.ChoiceField(sorted(REPORTS))
    title = serializers.CharField()
    about = FactSerializer(many=True)
    checks = CheckSerializer(many=True)
    columns = ColumnSerializer(many=True)
    sections = SectionSerializer(many=True)


class ReportEndpoint(Endpoint):
    """A report by its name in the address."""

    required_scope: ClassVar[dict[str, str]] = {"GET": READ, "POST": READ}

    def known(self, name: str) -> str:
        """The name, or 404."""
        if name not in REPORTS:
            raise Http404
        return name


class ReportItem(ReportEndpoint):
    """A report as figures."""

    @extend_schema(
        operation_id="ledger_reports_retrieve",
        parameters=[ReportQuery],
        responses=ReportSerializer,
    )
    def get(self, request: Request, name: str) -> Response:
        """Compute a report: trial balance, balance sheet, ledger, open items or another."""
        question = Question(**self.read_query(request, ReportQuery))
        return Response(_document(report(self.known(name), question)))


class ReportFile(ReportEndpoint):
    """A report as a file."""

    @extend_schema(
        operation_id="ledger_report_file",
        parameters=[ReportFileQuery],
        responses={(200, "application/octet-stream"): OpenApiTypes.BINARY},
    )
    def get(self, request: Request, name: str) -> HttpResponse:
        """Download a report as CSV, XLSX or PDF. A longer one is started as a job."""
        asked = self.read_query(request, ReportFileQuery)
        kind = asked.pop("type")
        document = report(self.known(name), Question(**asked))
        response = HttpResponse(as_file(document, kind), content_type=CONTENT_TYPES[kind])
        response["Content-Disposition"] = f'attachment; filename="{file_name(document, kind)}"'
        return response


class ReportJobs(ReportEndpoint):
    """Reports that take long."""

    @extend_schema(
        operation_id="ledger_report_start",
        request=ReportFileQuery,
        responses={202: OpenApiTypes.OBJECT},
    )
    def post(self, request: Request, name: str) -> Response:
        """Have a report written as a file. Answers with the job that makes it."""
        asked = self.read(request, ReportFileQuery)
        kind = asked.pop("type")
        known = self.known(name)

        def work() -> tuple[int, Mapping[str, Any]]:
            job = start_report(
                report=known,
                question=Question(**asked),
                file_kind=kind,
                actor=self.actor(request),
            )
            return 202, {"job": public_id("job", job)}

        return self.once(request, work)


def _document(document: Document) -> dict[str, object]:
    return {
        "report": document.name,
        "title": document.title,
        "about": [{"label": label, "text": text} for label, text in document.about],
        "checks": [{"holds": holds, "text": text} for holds, text in document.checks],
        "columns": [
            {"name": column.name, "label": column.label, "kind": column.kind}
            for column in document.columns
        ],
        "sections": [
            {
                "title": section.title,
                "currency": section.currency,
                "lines": [_line(document, line) for line in section.lines],
            }
            for section in document.sections
        ],
    }


def _line(document: Document, line: Line) -> dict[str, object]:
    kind, name = line.about
    return {
        "weight": line.weight,
        "depth": line.depth,
        "about": {kind: name} if kind else {},
        "values": {
            column.name: _value(cell)
            for column, cell in zip(document.columns, line.cells, strict=True)
        },
    }


def _value(cell: Cell) -> object:
    if isinstance(cell, Money):
        return money_body(cell)
    return cell if cell is None or isinstance(cell, str | int) else cell.isoformat()
