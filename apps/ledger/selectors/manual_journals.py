"""Manual journals: what they say, who decided, and what waits for whom."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from django.db.models import QuerySet

from apps.ledger.domain import PostingDraft
from apps.ledger.domain.journals import JournalDraft, JournalState, postings_of
from apps.ledger.errors import JournalNotFound
from apps.ledger.models import JournalApproval, ManualJournal
from apps.platform.ids import public_id
from apps.platform.money import Money

WAITING_MAX = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class VerdictRow:
    """One person's decision on the present round."""

    verdict: str
    person: str
    user_name: str
    comment: str
    decided_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class JournalRow:
    """A manual journal. ``verdicts`` are those of its present round, the oldest first."""

    id: UUID
    state: JournalState
    kind: str
    description: str
    value_date: date
    reverses_on: date | None
    postings: tuple[PostingDraft, ...]
    totals: tuple[Money, ...]
    maker: str
    editors: tuple[str, ...]
    created_at: datetime
    round: int
    digest: str
    approvals_needed: int
    roles_needed: tuple[str, ...]
    submitted_at: datetime | None
    expires_at: datetime | None
    entry_id: UUID | None
    reversal_id: UUID | None
    verdicts: tuple[VerdictRow, ...]

    @property
    def missing(self) -> int:
        """How many people still have to approve."""
        return max(self.approvals_needed - sum(v.verdict == "approve" for v in self.verdicts), 0)


def manual_journal(id: UUID) -> JournalRow:
    """One journal. ``JournalNotFound``."""
    row = journals_with_approvals().filter(id=id).first()
    if row is None:
        raise JournalNotFound(journal=public_id("mj", id))
    return journal_row(row)


def journals_awaiting(*, person: str) -> list[JournalRow]:
    """What the person may decide on, the longest waiting first."""
    rows = journals_with_approvals().filter(state=JournalState.SUBMITTED)
    waiting = [journal_row(row) for row in rows.order_by("submitted_at")[:WAITING_MAX]]
    return [
        row
        for row in waiting
        if person not in row.editors and person not in {one.person for one in row.verdicts}
    ]


def journals_with_approvals() -> QuerySet[ManualJournal]:
    """The journals with all that ``journal_row`` reads."""
    return ManualJournal.objects.prefetch_related("approvals")


def journal_row(row: ManualJournal) -> JournalRow:
    """The row of a model that was read with its approvals."""
    postings = tuple(postings_of(row.lines))
    draft = JournalDraft(
        kind=row.kind,
        description=row.description,
        value_date=row.value_date,
        postings=postings,
        reverses_on=row.reverses_on,
    )
    return JournalRow(
        id=row.id,
        state=JournalState(row.state),
        kind=row.kind,
        description=row.description,
        value_date=row.value_date,
        reverses_on=row.reverses_on,
        postings=postings,
        totals=draft.entry().totals(),
        maker=row.maker,
        editors=tuple(row.editors),
        created_at=row.created_at,
        round=row.round,
        digest=row.digest,
        approvals_needed=row.approvals_needed,
        roles_needed=tuple(row.roles_needed),
        submitted_at=row.submitted_at,
        expires_at=row.expires_at,
        entry_id=row.entry_id,
        reversal_id=row.reversal_id,
        verdicts=tuple(_verdict(one) for one in row.approvals.all() if one.round == row.round),
    )


def _verdict(row: JournalApproval) -> VerdictRow:
    return VerdictRow(
        verdict=row.verdict,
        person=row.person,
        user_name=row.user_name,
        comment=row.comment,
        decided_at=row.decided_at,
    )
