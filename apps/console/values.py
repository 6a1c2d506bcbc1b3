"""What a cell, a fact or a card may hold besides plain text, numbers, times and money.

Pages hand over values; ``rendering`` decides how each looks on a page, ``exporting`` how it is
written to a file. So a list, its export and the object page always say the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Literal

from apps.platform.money import Money

#: A shorter number would be recognised by its seven visible digits.
PHONE_LENGTH_MIN = 9

Tone = Literal["good", "warn", "bad", "info", "calm"]

_WORDS: dict[Tone, str] = {
    "good": "active approved captured completed delivered done matched ok open paid posted "
    "published ready resolved settled succeeded",
    "warn": "awaiting_approval delayed due partially_captured partly_matched partly_paid paused "
    "pending_approval "
    "returned submitted suspended unknown unmatched waiting",
    "bad": "bad blocked broken dead dead_letter declined failed partly_failed rejected revoked "
    "violated",
    "info": "accepted pending processing provisioning queued released retrying running sending "
    "sent started",
}
#: The one map from a status word, as the API says it, to how it feels. Unknown words are calm.
TONES: dict[str, Tone] = {word: tone for tone, words in _WORDS.items() for word in words.split()}


@dataclass(frozen=True, slots=True)
class Status:
    """A status word of the API, shown as a pill. ``label`` replaces the word's own spelling."""

    word: str
    label: str = ""
    tone: Tone | None = None

    @property
    def text(self) -> str:
        """What the pill says."""
        return self.label or str(self.word).replace("_", " ").capitalize()

    @property
    def feels(self) -> Tone:
        """The tone given, or the one of the word."""
        return self.tone or TONES.get(str(self.word), "calm")


@dataclass(frozen=True, slots=True)
class Ref:
    """A reference: shown in fixed-width letters, a link where ``url`` is given."""

    text: str
    url: str = ""


@dataclass(frozen=True, slots=True)
class Link:
    """Words that lead somewhere."""

    text: str
    url: str


@dataclass(frozen=True, slots=True)
class Phone:
    """A telephone number: only its beginning and its last three digits are ever shown."""

    number: str

    @property
    def masked(self) -> str:
        """``2547•••••678``; a short number is covered whole."""
        text = self.number.strip()
        if len(text) < PHONE_LENGTH_MIN:
            return "•" * len(text)
        return f"{text[:4]}{'•' * (len(text) - 7)}{text[-3:]}"


@dataclass(frozen=True, slots=True)
class Note:
    """Text with a quieter line below it."""

    text: Value
    below: Value = ""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far some work has come. ``total`` 0 means nobody knows."""

    done: int
    total: int
    label: str = "Progress"

    @property
    def percent(self) -> int:
        """Whole percent, 100 only when all is done."""
        return self.done * 100 // self.total if self.total > 0 else 0


@dataclass(frozen=True, slots=True)
class Code:
    """A block of machine text, such as JSON, kept as it is."""

    text: str


@dataclass(frozen=True, slots=True)
class Several:
    """More than one value in one place."""

    values: tuple[Value, ...]


Value = (
    str | int | bool | Decimal | datetime | date | Money | Status | Ref | Link | Phone | Note
    | Progress | Code | Several | None
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Fact:
    """A label and what it stands for."""

    label: str
    value: Value


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a table. ``url`` makes its first cell a link; ``tone`` tints it."""

    cells: Sequence[Value]
    url: str = ""
    tone: Tone | None = None
    anchor: str = ""
    #: How deep the row stands in a tree, from 0; the first cell is indented by it.
    depth: int = 0
    is_total: bool = False
    #: Groups the rows below it.
    is_header: bool = False


#: Columns that hold figures even while none of their cells has one.
FIGURES = frozenset({"Amount", "Credit", "Credits", "Debit", "Debits", "Postings"})


@dataclass(frozen=True, slots=True)
class Table:
    """Columns and rows under a title. Amounts and counts line up on the right by themselves."""

    title: str
    columns: Sequence[str]
    rows: Sequence[Row] = field(default_factory=tuple)
    #: What an empty table says.
    empty: str = "Nothing here yet."
    #: Shows a box that hides rows that do not contain what is typed.
    is_filterable: bool = False
    #: Where the whole list is, when this is a part of it.
    more: Link | None = None

    @property
    def numeric(self) -> list[bool]:
        """For each column, whether it holds amounts or counts; its heading follows."""
        return [self._is_numeric(index) for index in range(len(self.columns))]

    def _is_numeric(self, index: int) -> bool:
        cells = (row.cells[index] for row in self.rows if index < len(row.cells))
        found = next((cell for cell in cells if cell not in (None, "")), None)
        if found is None:
            return self.columns[index] in FIGURES
        return is_numeric(found)


def is_numeric(value: object) -> bool:
    """True for what lines up on the right."""
    if isinstance(value, Note):
        return is_numeric(value.text)
    if isinstance(value, Several):
        return bool(value.values) and all(map(is_numeric, value.values))
    return isinstance(value, Money | Decimal | int) and not isinstance(value, bool)
