"""What a document says, whatever it is written as."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Literal

from apps.platform.money import Money

Cell = str | int | Money | date | None
#: A header groups the lines below it; a total adds up the lines above it.
Weight = Literal["line", "header", "total"]
Kind = Literal["text", "code", "amount", "date", "count"]


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its name for programs, its label for people, what it holds.

    ``share`` is its part of a page's width beside the other columns of text.
    """

    name: str
    label: str
    kind: Kind = "text"
    share: int = 1


@dataclass(frozen=True, slots=True)
class Line:
    """One line, a cell for each column. ``depth`` is its place in a tree, from 0.

    ``about`` names what the line's figures lead to, by kind and name: ``("account", "1200")``.
    """

    cells: Sequence[Cell]
    about: tuple[str, str] = ("", "")
    depth: int = 0
    weight: Weight = "line"


@dataclass(frozen=True, slots=True)
class Section:
    """Lines under a title, with amounts of one currency. The lines are read once."""

    title: str
    currency: str
    lines: Iterable[Line]


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A title, what it is about, and sections of lines in the same columns.

    ``checks`` are the sentences a reader should see first; each says whether it holds.
    """

    name: str
    title: str
    columns: Sequence[Column]
    sections: Iterable[Section]
    about: Sequence[tuple[str, str]] = ()
    checks: Sequence[tuple[bool, str]] = field(default_factory=tuple)
