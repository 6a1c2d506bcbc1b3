"""What a report is asked: the same fields in an address, a form, a job's arguments."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from datetime import date
from typing import Self

from apps.ledger.errors import PeriodBackwards


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """Value dates, both included, and which part of the books. What is empty is not asked.

    Without ``ends`` a report tells what is in the books so far; without ``starts`` it begins with
    them. ``account`` is the code of an account, or of a header for all below it. ``dimension`` and
    ``answer`` narrow a general ledger to postings that answer so.
    """

    starts: date | None = None
    ends: date | None = None
    compare_starts: date | None = None
    compare_ends: date | None = None
    account: str = ""
    currency: str = ""
    without_closings: bool = False
    dimension: str = ""
    answer: str = ""

    def check(self) -> None:
        """Refuse a period that ends before it begins."""
        pairs = ((self.starts, self.ends), (self.compare_starts, self.compare_ends))
        for starts, ends in pairs:
            if starts and ends and starts > ends:
                raise PeriodBackwards(starts=starts.isoformat(), ends=ends.isoformat())

    def to_json(self) -> dict[str, object]:
        """As JSON keeps it; what is not asked is left out."""
        return {
            name: value.isoformat() if isinstance(value, date) else value
            for name, value in asdict(self).items()
            if value
        }

    @classmethod
    def from_json(cls, kept: Mapping[str, object]) -> Self:
        """Back from ``to_json``."""
        days = {field.name for field in fields(cls) if "date" in str(field.type)}
        return cls(
            **{  # type: ignore[arg-type]  # as it was kept
                name: date.fromisoformat(str(value)) if name in days else value
                for name, value in kept.items()
            }
        )
