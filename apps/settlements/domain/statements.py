"""A provider's or bank's statement, whatever file it came in."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from apps.settlements.domain.states import LineKind
from apps.settlements.errors import UnprovedStatement

#: Kenyan mobile numbers as providers write them (E.164 without plus).
_MOBILE = re.compile(r"\b(254[17])\d{5}(\d{3})\b")


class Direction(StrEnum):
    """Seen from the account: ``in`` raises its balance, ``out`` lowers it."""

    IN = "in"
    OUT = "out"


@dataclass(frozen=True, slots=True, kw_only=True)
class ParsedLine:
    """One booked movement. ``amount_minor`` is positive; ``direction`` says which way."""

    booked_at: datetime
    direction: Direction
    amount_minor: int
    kind: LineKind
    provider_reference: str
    our_reference: str
    linked_reference: str
    counterparty: str
    text: str

    @property
    def effect_minor(self) -> int:
        """What the line adds to the balance."""
        return self.amount_minor if self.direction is Direction.IN else -self.amount_minor


@dataclass(frozen=True, slots=True, kw_only=True)
class ParsedStatement:
    """Lines between an opening and a closing balance, oldest first."""

    account: str
    currency: str
    opening_minor: int
    closing_minor: int
    lines: Sequence[ParsedLine]

    def check_proved(self) -> None:
        """Opening plus lines is closing, or ``UnprovedStatement``."""
        moved = sum(line.effect_minor for line in self.lines)
        if self.opening_minor + moved != self.closing_minor:
            raise UnprovedStatement(
                opening_minor=self.opening_minor,
                lines_minor=moved,
                closing_minor=self.closing_minor,
            )


def without_numbers(text: str) -> str:
    """The text of a line with mobile numbers covered: enough to recognise, too little to call."""
    return _MOBILE.sub(r"\1•••••\2", text)


def line_keys(lines: Sequence[ParsedLine]) -> list[str]:
    """A key for each line that is the same whenever the same movement is imported again.

    Two movements that look alike in every respect are told apart by their order of occurrence.
    """
    seen: Counter[str] = Counter()
    keys = []
    for line in lines:
        parts = [
            line.booked_at.isoformat(),
            line.direction,
            str(line.amount_minor),
            line.kind,
            line.provider_reference,
            line.text,
        ]
        look = hashlib.sha256("\x1f".join(parts).encode()).hexdigest()
        keys.append(f"{look[:40]}-{seen[look]}")
        seen[look] += 1
    return keys
