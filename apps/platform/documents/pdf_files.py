"""A document on paper: A4 across, page after page, its title and its columns on each.

ReportLab's canvas, because it is plain Python, draws a page at a time in constant memory and is the
fastest of the libraries that install from the package index. The letters are DejaVu's, carried in
``fonts/``: they have the names our tenants' people have, and digits of one width.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from typing import Any

from reportlab.lib.pagesizes import A4, landscape
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas

from apps.platform.documents.document import Cell, Column, Document, Line, Section
from apps.platform.money import Money

PLAIN, BOLD = "DejaVuSansCondensed", "DejaVuSansCondensed-Bold"
SIZE, LEADING, INDENT, GAP = 8.0, 12.5, 9.0, 8.0  # points
MARGIN = 36.0
WIDTH, HEIGHT = landscape(A4)
FIXED = {"amount": 92.0, "date": 56.0, "count": 44.0}
INK, QUIET, RULE = (0.06, 0.09, 0.11), (0.36, 0.40, 0.43), (0.78, 0.80, 0.82)
ELLIPSIS = "…"


@cache
def _fonts() -> None:
    folder = resources.files("apps.platform.documents") / "fonts"
    for name in (PLAIN, BOLD):
        with (folder / f"{name}.ttf").open("rb") as file:
            pdfmetrics.registerFont(TTFont(name, io.BytesIO(file.read())))


def pdf_file(document: Document) -> bytes:
    """The pages' bytes; equal documents give equal bytes."""
    _fonts()
    out = io.BytesIO()
    canvas = Canvas(out, pagesize=(WIDTH, HEIGHT), invariant=1, pageCompression=1)
    canvas.setTitle(document.title)
    paper = _Paper(canvas, document, _places(document.columns))
    for section in document.sections:
        paper.section(section)
    paper.end()
    canvas.save()
    return out.getvalue()


def _places(columns: Sequence[Column]) -> list[tuple[float, float]]:
    """Where each column begins and how wide it is: amounts as needed, the rest by share."""
    fixed = [FIXED.get(column.kind, 0.0) for column in columns]
    shares = [0 if fixed[at] else column.share for at, column in enumerate(columns)]
    rest = WIDTH - 2 * MARGIN - sum(fixed) - GAP * (len(columns) - 1)
    widths = [fixed[at] or rest * shares[at] / (sum(shares) or 1) for at in range(len(columns))]
    places, left = [], MARGIN
    for width in widths:
        places.append((left, width))
        left += width + GAP
    return places


@dataclass(slots=True)
class _Paper:
    """A pen on a page, and the pages it has filled."""

    canvas: Any
    document: Document
    places: Sequence[tuple[float, float]]
    y: float = 0.0
    page: int = 0
    title: str = field(default="")

    def section(self, section: Section) -> None:
        self.title = section.title
        if self.y < MARGIN + 6 * LEADING:
            self._new_page()
        else:
            self._section_head()
        for line in section.lines:
            if self.y < MARGIN + 2 * LEADING:
                self._new_page()
            self._line(line)
        self.y -= LEADING

    def end(self) -> None:
        if not self.page:
            self._new_page()
        self._finish()

    def _new_page(self) -> None:
        if self.page:
            self._finish()
        self.page += 1
        self.y = HEIGHT - MARGIN - SIZE
        self._text(MARGIN, self.document.title, BOLD, 13)
        self.y -= 1.3 * LEADING
        said = "   ".join(f"{label}: {text}" for label, text in self.document.about)
        self._text(MARGIN, _cut(said, WIDTH - 2 * MARGIN, PLAIN, SIZE), PLAIN, SIZE, QUIET)
        if self.page == 1:
            for _, sentence in self.document.checks:
                self.y -= LEADING
                self._text(MARGIN, _cut(sentence, WIDTH - 2 * MARGIN, BOLD, SIZE), BOLD, SIZE)
        self.y -= 1.8 * LEADING
        self._section_head()

    def _section_head(self) -> None:
        if self.title:
            self._text(MARGIN, self.title, BOLD, 10)
            self.y -= 1.3 * LEADING
        for column, (left, width) in zip(self.document.columns, self.places, strict=True):
            self._cell(column.label, column, (left, width), BOLD, QUIET)
        self._rule()
        self.y -= LEADING

    def _line(self, line: Line) -> None:
        if line.weight == "total":
            self.canvas.setStrokeColorRGB(*INK)
            self.canvas.line(MARGIN, self.y + SIZE + 1, WIDTH - MARGIN, self.y + SIZE + 1)
        font = PLAIN if line.weight == "line" else BOLD
        for at, (cell, column) in enumerate(zip(line.cells, self.document.columns, strict=True)):
            left, width = self.places[at]
            indent = INDENT * line.depth if at == 0 else 0.0
            self._cell(cell, column, (left + indent, width - indent), font, INK)
        self.y -= LEADING

    def _cell(
        self,
        cell: Cell,
        column: Column,
        place: tuple[float, float],
        font: str,
        colour: tuple[float, float, float],
    ) -> None:
        left, width = place
        text = _cut(_said(cell), width, font, SIZE)
        if column.kind in ("amount", "count"):
            left += width - pdfmetrics.stringWidth(text, font, SIZE)
        self._text(left, text, font, SIZE, colour)

    def _text(
        self, x: float, text: str, font: str, size: float, colour: tuple[float, ...] = INK
    ) -> None:
        self.canvas.setFont(font, size)
        self.canvas.setFillColorRGB(*colour)
        self.canvas.drawString(x, self.y, text)

    def _rule(self) -> None:
        self.canvas.setStrokeColorRGB(*RULE)
        self.canvas.setLineWidth(0.5)
        self.canvas.line(MARGIN, self.y - 3.5, WIDTH - MARGIN, self.y - 3.5)

    def _finish(self) -> None:
        self.y = MARGIN - 1.6 * SIZE
        self._text(MARGIN, self.document.title, PLAIN, 7, QUIET)
        number = f"Page {self.page}"
        right = WIDTH - MARGIN - pdfmetrics.stringWidth(number, PLAIN, 7)
        self._text(right, number, PLAIN, 7, QUIET)
        self.canvas.showPage()


def _said(cell: Cell) -> str:
    match cell:
        case None:
            return ""
        case Money():
            sign = "\u2212" if cell.minor < 0 else ""
            return f"{sign}{abs(cell).major:,f}"
        case int():
            return f"{cell:,}"
        case str():
            return cell.replace("\n", " ")
    return cell.isoformat()


def _cut(text: str, width: float, font: str, size: float) -> str:
    """The text, or as much of it as fits with an ellipsis. Figures are never cut: they overlap."""
    if pdfmetrics.stringWidth(text, font, size) <= width or _is_figure(text):
        return text
    while text and pdfmetrics.stringWidth(text + ELLIPSIS, font, size) > width:
        text = text[:-1]
    return text + ELLIPSIS


def _is_figure(text: str) -> bool:
    return not text.strip("0123456789,.\u2212")
