"""A document as one table of CSV (RFC 4180), for programs and spreadsheets alike.

Every line says its section's currency and its place in the tree, so the file can be filtered and
added up without reading between the lines. Amounts are plain decimals.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from apps.platform.documents.document import Cell, Document
from apps.platform.formatting import Cell as Text
from apps.platform.formatting import csv_text

BYTE_ORDER_MARK = "\ufeff"  # so that spreadsheets read UTF-8


def csv_file(document: Document) -> bytes:
    """The document's lines, under the names of its columns."""
    return (BYTE_ORDER_MARK + csv_text(_rows(document))).encode()


def _rows(document: Document) -> Iterator[list[Text]]:
    yield ["section", "currency", "depth", "weight", *(column.name for column in document.columns)]
    for section in document.sections:
        for line in section.lines:
            place: list[Text] = [section.title, section.currency, line.depth, line.weight]
            yield [*place, *map(_text, line.cells)]


def _text(cell: Cell) -> Text:
    """Days as ISO 8601; everything else is known to ``formatting``."""
    if isinstance(cell, date):
        return cell.isoformat()
    return cell
