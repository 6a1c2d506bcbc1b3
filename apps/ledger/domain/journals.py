"""Manual journals: entries that people write by hand, and what other people must say to them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Any

from apps.ledger.domain.accounts import Side
from apps.ledger.domain.entries import EntryDraft, PostingDraft, legs_as_lines
from apps.platform.money import Money

#: The kind of a manual journal, alone or with more behind a dot: ``manual.adjustment``.
MANUAL = "manual"

#: A journal that waits longer for its approvals or its posting has been forgotten.
WAITS_MAX = timedelta(days=30)

#: How many approvals a manual journal takes when no rule speaks of it.
APPROVALS_DEFAULT = 1


class JournalState(StrEnum):
    """Where a manual journal stands."""

    DRAFT = "draft"
    SUBMITTED = "submitted"
    APPROVED = "approved"
    POSTED = "posted"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"


#: Which state may follow which; the database knows the same list.
TRANSITIONS: Mapping[JournalState, frozenset[JournalState]] = {
    JournalState.DRAFT: frozenset({JournalState.SUBMITTED, JournalState.WITHDRAWN}),
    JournalState.SUBMITTED: frozenset(
        {JournalState.DRAFT, JournalState.APPROVED, JournalState.REJECTED, JournalState.EXPIRED}
    ),
    JournalState.APPROVED: frozenset(
        {JournalState.DRAFT, JournalState.POSTED, JournalState.EXPIRED}
    ),
}


class Verdict(StrEnum):
    """What one person says to a submitted journal."""

    APPROVE = "approve"
    SEND_BACK = "send_back"
    REJECT = "reject"


@dataclass(frozen=True, slots=True, kw_only=True)
class JournalDraft:
    """A manual journal as its maker writes it. ``reverses_on`` takes it back on that day."""

    kind: str
    description: str
    value_date: date
    postings: Sequence[PostingDraft]
    reverses_on: date | None = None

    def entry(self) -> EntryDraft:
        """The entry it becomes."""
        return EntryDraft(
            kind=self.kind,
            description=self.description,
            value_date=self.value_date,
            postings=self.postings,
        )

    def lines(self) -> list[dict[str, Any]]:
        """Its legs as they are stored and compared; amounts in minor units."""
        return legs_as_lines(self.postings)

    def digest(self, reference: str, round_number: int) -> str:
        """What an approval covers: every word and every unit, of this journal in this round."""
        facts = [
            reference,
            round_number,
            self.kind,
            self.description,
            self.value_date.isoformat(),
            self.reverses_on.isoformat() if self.reverses_on else None,
            self.lines(),
        ]
        text = json.dumps(facts, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        return hashlib.sha256(text.encode()).hexdigest()


def postings_of(lines: Sequence[Mapping[str, Any]]) -> list[PostingDraft]:
    """Back from ``JournalDraft.lines``."""
    return [
        PostingDraft(
            line["account"],
            Side.of_letter(line["side"]),
            Money(line["amount_minor"], line["currency"]),
            line["clearing_key"],
        )
        for line in lines
    ]


def is_manual(kind: str) -> bool:
    """True for the kinds that approval rules are about."""
    return kind == MANUAL or kind.startswith(f"{MANUAL}.")
