"""What the ledger tells the world."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import ClassVar
from uuid import UUID

from apps.platform.money import Money


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryPosted:
    """A journal entry is now part of the books.

    ``totals`` is what it moved: the sum of one side in each currency. The event's aggregate is the
    entry's public id (``je_…``).
    """

    name: ClassVar[str] = "ledger.entry_posted"
    version: ClassVar[int] = 1

    entry_id: UUID
    kind: str
    value_date: date
    totals: tuple[Money, ...]
    source_event: str
    reverses_id: UUID | None
