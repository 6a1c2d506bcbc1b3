"""Journal entries."""

from __future__ import annotations

import json
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
from apps.platform.tenant import current_tenant_id, database


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
    row = database.execute_prepared(_ENTRY, [current_tenant_id(), id]).fetchone()
    if row is None:
        raise EntryNotFound(entry_id=public_id("je", id))
    *facts, metadata, digest, reversals, taken, legs = row
    postings = tuple(_leg(*leg) for leg in json.loads(legs))
    is_whole_taken = bool(reversals) and taken == sum(leg.amount.minor for leg in postings)
    return EntryRow(
        **dict(zip(_FACTS, facts, strict=True)),
        metadata=json.loads(metadata),
        digest=bytes(digest),
        reversals=tuple(reversals),
        reversed_by=reversals[-1] if is_whole_taken else None,
        postings=postings,
    )


# Whoever posts over the API is shown the entry: one statement for what takes the models four.
_FACTS = {
    "id": "e.id",
    "kind": "e.kind",
    "description": "e.description",
    "value_date": "e.value_date",
    "effective_at": "e.effective_at",
    "posted_at": "e.posted_at",
    "idempotency_key": "coalesce(e.idempotency_key, '')",
    "source_event": "e.source_event",
    "reason": "e.reason",
    "template": "e.template",
    "approval_id": "e.approval_id",
    "actor": "e.actor",
    "reverses": "e.reverses_id",
}
_ENTRY = f"""
    SELECT {", ".join(_FACTS.values())}, e.metadata::text, e.digest,
           ARRAY(SELECT r.id FROM ledger_journal_entry r WHERE r.reverses_id = e.id ORDER BY r.id),
           (SELECT sum(p.amount_minor) FROM ledger_journal_entry r
              JOIN ledger_posting p ON p.entry_id = r.id WHERE r.reverses_id = e.id),
           (SELECT json_agg(json_build_array(
                       p.leg, a.code, a.name, p.side, p.amount_minor, p.currency, p.clearing_key,
                       p.account_version, p.balance_after_minor) ORDER BY p.leg)::text
              FROM ledger_posting p JOIN ledger_account a ON a.id = p.account_id
             WHERE p.entry_id = e.id)
      FROM ledger_journal_entry e
     WHERE e.tenant = %s AND e.id = %s
"""  # noqa: S608  our own text


def _leg(  # noqa: PLR0913, PLR0917  a row of the statement
    leg: int,
    account: str,
    name: str,
    side: str,
    minor: int,
    currency: str,
    clearing_key: str | None,
    version: int | None,
    after: int | None,
) -> PostingRow:
    return PostingRow(
        leg=leg,
        account=account,
        account_name=name,
        side=Side.of_letter(side),
        amount=Money(minor, currency),
        clearing_key=clearing_key or "",
        account_version=version,
        balance_after=None if after is None else Money(after, currency),
    )


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
