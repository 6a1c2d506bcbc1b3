"""Documents as files."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Literal

from apps.platform.documents.csv_files import csv_file
from apps.platform.documents.document import Document
from apps.platform.documents.pdf_files import pdf_file
from apps.platform.documents.xlsx_files import xlsx_file

FileKind = Literal["csv", "xlsx", "pdf"]
CONTENT_TYPES: dict[FileKind, str] = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "pdf": "application/pdf",
}
_WRITERS: dict[FileKind, Callable[[Document], bytes]] = {
    "csv": csv_file,
    "xlsx": xlsx_file,
    "pdf": pdf_file,
}


def as_file(document: Document, kind: FileKind) -> bytes:
    """The document's bytes. Text can never be run as a formula."""
    return _WRITERS[kind](document)


def file_name(document: Document, kind: FileKind) -> str:
    """A name that every system takes: letters of ASCII, digits and hyphens."""
    return f"{re.sub(r'[^a-z0-9]+', '-', document.title.lower()).strip('-') or 'report'}.{kind}"
