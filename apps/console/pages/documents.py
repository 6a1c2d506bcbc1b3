"""The page of a document: its sections on screen, and the very same as CSV, XLSX and PDF."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar, cast

from django.http import HttpResponse

from apps.console.pages.reports import ReportPage
from apps.console.services import note_export
from apps.console.values import Fact, Link, Ref, Row, Status, Table, Value
from apps.platform.documents import (
    CONTENT_TYPES,
    Cell,
    Column,
    Document,
    FileKind,
    Line,
    Section,
    as_file,
    file_name,
)


class DocumentPage(ReportPage):
    """A report that is a document of ``apps.platform.documents``: one source for page and files.

    A subclass answers ``document``, and where its lines lead.
    """

    export_kinds: ClassVar[Sequence[str]] = tuple(CONTENT_TYPES)
    #: What a document without sections says.
    empty: ClassVar[str] = "Nothing was posted in these days"

    def document(self, parameters: dict[str, Any]) -> Document:
        """Compute it, or refuse."""
        raise NotImplementedError

    def line_url(self, line: Line, parameters: dict[str, Any]) -> str:
        """Where a line's figures lead."""
        return ""

    def section_link(self, lines: Sequence[Line]) -> Link | None:
        """A link beside the title of a section."""
        return None

    def shown(self, parameters: dict[str, Any]) -> dict[str, Any]:
        """Its checks as a headline, its sections as tables."""
        document = self.document(parameters)
        tables = [self._table(document, one, parameters) for one in document.sections]
        facts = [
            Fact(label, text) for label, text in document.about[1:]
        ]  # whose books these are stands in the frame
        checks = [
            Fact("Check", Status("ok" if holds else "bad", text)) for holds, text in document.checks
        ]
        return {"tables": tables, "headline": [*checks, *facts], "empty": self.empty}

    def file(self, parameters: dict[str, Any], kind: str) -> HttpResponse:
        """The document's bytes; the export leaves a trace."""
        document = self.document(parameters)
        file_kind = cast("FileKind", kind)
        content = as_file(document, file_kind)
        query = self.request.GET.urlencode()
        note_export(page=self._line(), query=query, rows=0, actor=self.actor)
        response = HttpResponse(content, content_type=CONTENT_TYPES[file_kind])
        name = file_name(document, file_kind)
        response["Content-Disposition"] = f'attachment; filename="{name}"'
        return response

    def _table(self, document: Document, section: Section, parameters: dict[str, Any]) -> Table:
        lines = list(section.lines)
        return Table(
            section.title,
            [column.label for column in document.columns],
            [
                Row(
                    [
                        _value(cell, column, line)
                        for cell, column in zip(line.cells, document.columns, strict=True)
                    ],
                    url=self.line_url(line, parameters),
                    depth=min(line.depth, 8),
                    is_total=line.weight == "total",
                    is_header=line.weight == "header",
                )
                for line in lines
            ],
            is_filterable=len(lines) > 12,  # noqa: PLR2004  what fits on one screen
            more=self.section_link(lines),
        )


def _value(cell: Cell, column: Column, line: Line) -> Value:
    """A name of something is shown as one; a word in the same column is not."""
    is_name = column.kind == "code" and isinstance(cell, str) and cell == line.about[1]
    return Ref(str(cell)) if is_name and cell else cell
