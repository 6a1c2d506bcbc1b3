"""Journal entries."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from django.db.models import Prefetch, QuerySet

from apps.ledger.domain import Side
from apps.ledger.errors import EntryNotFound
from apps.ledger.models import JournalEntry, Posting
from apps.platform.ids import public_id
from apps.platform.money import Money


@dataclass(frozen=True, slots=True, kw_only=True)
class PostingRow:
    """One leg in the books. ``balance_after`` is on the account's normal side.

    A posting of an account that is not kept synchronously has no number and no balance until it is
    folded in.
    """

    leg: int
    account: str
    account_name: str
    side: Side
    amount: Money
    clearing_key: str
    account_version: int | None
    balance_after: Money | None


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryRow:
    """A journal entry with its postings.

    ``reversals`` are the entries that took something of it back, the oldest first; ``reversed_by``
    is the one after which nothing remained.
    """

    id: UUID
    kind: str
    description: str
    value_date: date
    effective_at: datetime | None
    posted_at: datetime
    idempotency_key: str
    source_event: str
    reason: str
    template: str
    approval_id: UUID | None
    actor: str
    reverses: UUID | None
    reversed_by: UUID | None
    reversals: tuple[UUID, ...]
    metadata: Mapping[str, object]
    digest: bytes
    postings: tuple[PostingRow, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountPosting:
    """One posting of an account, in the order they were written. Normal side throughout."""

    entry_id: UUID
    description: str
    value_date: date
    posted_at: datetime
    side: Side
    amount: Money
    account_version: int | None
    balance_after: Money | None


def journal_entry(id: UUID) -> EntryRow:
    """One entry with its postings. ``EntryNotFound``."""
    entry = entries_with_postings().filter(id=id).first()
    if entry is None:
        raise EntryNotFound(entry_id=public_id("je", id))
    return entry_row(entry)


def entry_of_source(source_event: str, kind: str) -> EntryRow | None:
    """The one entry of that kind from a source event, or nothing."""
    if not source_event:
        return None
    entry = entries_with_postings().filter(source_event=source_event, kind=kind).first()
    return entry_row(entry) if entry else None


def entries(*, before: UUID | None = None, limit: int = 50) -> list[EntryRow]:
    """The newest entries, at most ``limit`` that are older than the entry ``before``."""
    rows = entries_with_postings().order_by("-id")
    if before is not None:
        rows = rows.filter(id__lt=before)
    return [entry_row(entry) for entry in rows[:limit]]


def entries_with_postings() -> QuerySet[JournalEntry]:
    """The journal with all that ``entry_row`` reads."""
    return JournalEntry.objects.prefetch_related(
        Prefetch("postings", Posting.objects.select_related("account").order_by("leg")),
        Prefetch("reversals", JournalEntry.objects.only("id", "reverses_id").order_by("id")),
        Prefetch("reversals__postings", Posting.objects.only("entry_id", "leg", "amount_minor")),
    )


def entry_row(entry: JournalEntry) -> EntryRow:
    """The row of a model that was read with its postings and reversals."""
    return EntryRow(
        id=entry.id,
        kind=entry.kind,
        description=entry.description,
        value_date=entry.value_date,
        effective_at=entry.effective_at,
        posted_at=entry.posted_at,
        idempotency_key=entry.idempotency_key or "",
        source_event=entry.source_event,
        reason=entry.reason,
        template=entry.template,
        approval_id=entry.approval_id,
        actor=entry.actor,
        reverses=entry.reverses_id,
        reversed_by=_reversed_by(entry),
        reversals=tuple(reversal.id for reversal in entry.reversals.all()),
        metadata=entry.metadata,
        digest=bytes(entry.digest),
        postings=tuple(posting_row(posting) for posting in entry.postings.all()),
    )


def _reversed_by(entry: JournalEntry) -> UUID | None:
    """The last reversal, if all of them together took back the whole; no leg can exceed its own."""
    reversals = list(entry.reversals.all())
    taken = sum(leg.amount_minor for one in reversals for leg in one.postings.all())
    whole = sum(leg.amount_minor for leg in entry.postings.all())
    return reversals[-1].id if reversals and taken == whole else None


def posting_row(posting: Posting) -> PostingRow:
    """The row of a model that was read with its account."""
    return PostingRow(
        leg=posting.leg,
        account=posting.account.code,
        account_name=posting.account.name,
        side=Side.of_letter(posting.side),
        amount=Money(posting.amount_minor, posting.currency),
        clearing_key=posting.clearing_key or "",
        account_version=posting.account_version,
        balance_after=_balance_after(posting),
    )


def account_posting(posting: Posting) -> AccountPosting:
    """The row of a model that was read with its entry."""
    return AccountPosting(
        entry_id=posting.entry_id,
        description=posting.entry.description,
        value_date=posting.value_date,
        posted_at=posting.posted_at,
        side=Side.of_letter(posting.side),
        amount=Money(posting.amount_minor, posting.currency),
        account_version=posting.account_version,
        balance_after=_balance_after(posting),
    )


def _balance_after(posting: Posting) -> Money | None:
    if posting.balance_after_minor is None:
        return None
    return Money(posting.balance_after_minor, posting.currency)
