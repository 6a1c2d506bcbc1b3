"""Figures on paper and in files: one description of a document, written as CSV, XLSX or PDF."""

from apps.platform.documents.document import Cell, Column, Document, Line, Section, Weight
from apps.platform.documents.files import CONTENT_TYPES, FileKind, as_file, file_name

__all__ = [
    "CONTENT_TYPES",
    "Cell",
    "Column",
    "Document",
    "FileKind",
    "Line",
    "Section",
    "Weight",
    "as_file",
    "file_name",
]
