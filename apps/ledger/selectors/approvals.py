"""What the approval rules say about an entry."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db import connection

from apps.ledger.domain import EntryDraft


@dataclass(frozen=True, slots=True)
class Needed:
    """How many people must approve, each holding one of ``roles`` if any is named."""

    approvals: int
    roles: tuple[str, ...]


def approvals_needed(draft: EntryDraft) -> Needed | None:
    """What the rules ask for such an entry; nothing when none of them speaks of it.

    Asked of the database, whose guard asks the same function when the entry is committed.
    """
    legs: list[list[Any]] = [
        [leg.account for leg in draft.postings],
        [leg.side.letter for leg in draft.postings],
        [leg.amount.minor for leg in draft.postings],
        [leg.amount.currency for leg in draft.postings],
    ]
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT * FROM ledger_approvals_needed_v1("
            "%s, %s::text[], %s::text[], %s::bigint[], %s::text[])",
            [draft.kind, *legs],
        )
        row = cursor.fetchone()
    return Needed(row[0], tuple(row[1])) if row else None
